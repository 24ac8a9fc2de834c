using System.Data.Common;
using Gateway.Host.Keys;
using Gateway.Host.Members;
using Gateway.Host.ProxyRules;
using Gateway.Host.Settings;
using Gateway.Host.Watchdog;
using Gateway.Ledger.Book;

namespace Gateway.Host.Catalogue;

/// <summary>Learns that another gateway has written a resource, at once by a notice or within half a second by itself, and reads anew what was written.</summary>
internal sealed partial class ResourceWatch : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private readonly IResourceStore store;
    private readonly IResourceNotices notices;
    private readonly ILogger<ResourceWatch> log;
    private readonly SemaphoreSlim noticed = new(0);
    private readonly Follower[] followers;

    public ResourceWatch(
        IResourceStore store, IResourceNotices notices, RuleSource rules, CatalogueSource catalogue, KeyDirectory keys, MemberDirectory members, Detectors detectors,
        ILogger<ResourceWatch> log)
    {
        this.store = store;
        this.notices = notices;
        this.log = log;
        followers =
        [
            new Follower([RuleFields.ResourceKind, TagDocument.ResourceKind, WorkspaceFields.ResourceKind], rules.ReloadAsync),
            new Follower([KeyDocument.ResourceKind, OperatorKey.ResourceKind], Now(keys.Refresh)),
            new Follower([MemberFields.ResourceKind], Now(members.Refresh)),
            new Follower([ChannelDocument.ResourceKind, ModelDocument.ResourceKind], catalogue.ReloadAsync),
            new Follower([DetectorKey.AuditKind], detectors.ReloadAsync),
        ];
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        noticed.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await notices.SubscribeAsync(Wake, stoppingToken);
        var seen = -1L;
        do
        {
            try
            {
                // 0: no other gateway writes to this store.
                var version = await store.ResourceVersionAsync(stoppingToken);
                if (version == seen || version == 0)
                    continue;

                await ReadChangesAsync(stoppingToken);
                seen = version;
            }
            catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
            {
                LogNotRead(exception.Message);
            }
        }
        while (await WaitAsync(stoppingToken));
    }

    // The place is read before what it stands for, so that nothing between the two is missed.
    private async Task ReadChangesAsync(CancellationToken cancellationToken)
    {
        foreach (var follower in followers)
        {
            var place = await store.LastChangeAsync(follower.Kinds, cancellationToken);
            if (place == follower.Place)
                continue;

            try
            {
                await follower.ReloadAsync(cancellationToken);
            }
            catch (SettingException mistake)
            {
                // What is in force stays as it was; what was stored is read at the next change.
                LogNotRead(mistake.Message);
            }

            follower.Place = place;
        }
    }

    // Many notices are one: what was written is read all at once.
    private void Wake()
    {
        if (noticed.CurrentCount == 0)
            noticed.Release();
    }

    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        await noticed.WaitAsync(Interval, cancellationToken);
        return true;
    }

    private static Func<CancellationToken, Task> Now(Action refresh) => _ =>
    {
        refresh();
        return Task.CompletedTask;
    };

    [LoggerMessage(1, LogLevel.Warning, "Changes of other gateways could not be read; again shortly: {Reason}")]
    private partial void LogNotRead(string reason);

    /// <summary>Who reads resources of some kinds, and up to which write it has.</summary>
    private sealed class Follower(string[] kinds, Func<CancellationToken, Task> reloadAsync)
    {
        public string[] Kinds { get; } = kinds;

        public Func<CancellationToken, Task> ReloadAsync { get; } = reloadAsync;

        // Below every place: the first look reads.
        public long Place { get; set; } = -1;
    }
}
