using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger.Book;
using Microsoft.Extensions.Primitives;

namespace Gateway.Host.Catalogue;

/// <summary>Keeps the current catalogue: configuration, watched for changes, and what is stored over REST.</summary>
internal sealed partial class CatalogueSource : IDisposable
{
    private const int PageSize = 200;

    private readonly IConfiguration configuration;
    private readonly IResourceStore store;
    private readonly SecretBox secrets;
    private readonly ILogger<CatalogueSource> logger;
    private readonly SemaphoreSlim reloading = new(1, 1);
    private readonly IDisposable watch;
    private volatile CatalogueSnapshot current = CatalogueSnapshot.Empty;
    private IReadOnlyList<Channel> storedChannels = [];
    private IReadOnlyList<Model> storedModels = [];

    public CatalogueSource(IConfiguration configuration, IResourceStore store, SecretBox secrets, ILogger<CatalogueSource> logger)
    {
        this.configuration = configuration;
        this.store = store;
        this.secrets = secrets;
        this.logger = logger;
        watch = ChangeToken.OnChange(configuration.GetReloadToken, ReloadConfiguration);
    }

    /// <summary>The catalogue now; empty before the first <see cref="ReloadAsync"/>.</summary>
    public CatalogueSnapshot Current => current;

    /// <summary>Raised after <see cref="Current"/> was swapped.</summary>
#pragma warning disable MA0046 // Nothing to tell but that it happened: whoever listens reads Current.
    public event Action? Changed;
#pragma warning restore MA0046

    /// <summary>Reads both sources anew.</summary>
    /// <exception cref="SettingException">A mistake in the configuration: the catalogue stays as it was.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await reloading.WaitAsync(cancellationToken);
        try
        {
            var channels = await AllAsync(ChannelDocument.ResourceKind, resource => ChannelDocument.ToChannel(resource, secrets), cancellationToken);
            var models = await AllAsync(ModelDocument.ResourceKind, ModelDocument.ToModel, cancellationToken);
            (storedChannels, storedModels) = (channels, models);
            Merge();
        }
        finally
        {
            reloading.Release();
        }

        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch.Dispose();
        reloading.Dispose();
    }

    // The stored part is in memory, so a changed file needs no wait for the store.
    private void ReloadConfiguration()
    {
        reloading.Wait(CancellationToken.None);
        try
        {
            Merge();
        }
        catch (SettingException mistake)
        {
            LogRefused(mistake.Message);
            return;
        }
        finally
        {
            reloading.Release();
        }

        Changed?.Invoke();
    }

    // What configuration declares hides what is stored under the same name for the same tenant.
    private void Merge()
    {
        var channels = ConfiguredCatalogue.Channels(configuration);
        var models = ConfiguredCatalogue.Models(configuration);
        var declared = models.Select(static model => (model.Id, model.Workspace)).ToHashSet();
        current = new CatalogueSnapshot(
            [.. channels, .. storedChannels.ExceptBy(channels.Select(static channel => channel.Id), static channel => channel.Id, StringComparer.Ordinal)],
            [.. models, .. storedModels.Where(model => !declared.Contains((model.Id, model.Workspace)))]);
    }

    private async Task<IReadOnlyList<T>> AllAsync<T>(string kind, Func<Resource, T> read, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        string? cursor = null;
        do
        {
            var page = await store.ListAsync(kind, workspace: null, PageSize, cursor, cancellationToken);
            all.AddRange(page.Data.Select(read));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return all;
    }

    [LoggerMessage(401, LogLevel.Error, "The changed configuration is refused, and the catalogue stays as it was: {Mistake}")]
    private partial void LogRefused(string mistake);
}
