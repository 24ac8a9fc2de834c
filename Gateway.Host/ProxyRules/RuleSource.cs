using System.Collections.Concurrent;
using Gateway.Host.Settings;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Microsoft.Extensions.Primitives;

namespace Gateway.Host.ProxyRules;

/// <summary>The rules in force, a set for each workspace: read by the request path, swapped whole when one changes.</summary>
/// <remarks>
/// What is stored is read once and followed from then on: a change costs the documents that it wrote, the compiling of those rules, and a new set for
/// their workspace. Rules that did not change keep their compiled form, and what they hold in it.
/// </remarks>
internal sealed partial class RuleSource : IDisposable
{
    private const int PageSize = 500;

    private static readonly string[] Kinds = [RuleFields.ResourceKind, TagDocument.ResourceKind, WorkspaceFields.ResourceKind];

    private readonly IConfiguration configuration;
    private readonly IResourceStore store;
    private readonly RuleServices services;
    private readonly ILogger<RuleSource> log;
    private readonly SemaphoreSlim reloading = new(1, 1);
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, RuleSet> sets = new(StringComparer.Ordinal);
    private readonly IDisposable watch;
    private Dictionary<string, WorkspaceRules> stored = new(StringComparer.Ordinal);
    private IReadOnlyList<(ConfiguredRule Rule, CompiledRule? Compiled)> configured = [];
    private volatile RuleSet shared = RuleSet.Empty;
    private long? place;

    public RuleSource(RuleTypes types, IConfiguration configuration, IResourceStore store, RuleServices services, ILogger<RuleSource> log)
    {
        Types = types;
        this.configuration = configuration;
        this.store = store;
        this.services = services;
        this.log = log;
        watch = ChangeToken.OnChange(configuration.GetReloadToken, ReloadChangedConfiguration);
    }

    /// <summary>The rule types that there are.</summary>
    public RuleTypes Types { get; }

    /// <summary>What configuration declares, in its order.</summary>
    public IReadOnlyList<ConfiguredRule> Configured
    {
        get
        {
            lock (gate)
                return [.. configured.Select(static pair => pair.Rule)];
        }
    }

    /// <summary>The rules of a workspace; a request keeps the set that it started with.</summary>
    public RuleSet Of(string workspace) => sets.TryGetValue(workspace, out var own) ? own : shared;

    /// <summary>The stored rules of a workspace as of the last reload, those that are not in force too.</summary>
    public IReadOnlyList<StoredRule> StoredOf(string workspace)
    {
        lock (gate)
            return stored.TryGetValue(workspace, out var rules) ? [.. rules.Rules.Values] : [];
    }

    /// <summary>How many rules a workspace stores, as of the last reload.</summary>
    public int CountOf(string workspace)
    {
        lock (gate)
            return stored.TryGetValue(workspace, out var rules) ? rules.Rules.Count : 0;
    }

    /// <summary>Reads what was written since the last time; the first time, configuration and everything that is stored.</summary>
    /// <exception cref="SettingException">A mistake in the configuration, the first time only.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await reloading.WaitAsync(cancellationToken);
        try
        {
            if (place is { } last)
                await FollowAsync(last, cancellationToken);
            else
                await LoadAsync(cancellationToken);
        }
        finally
        {
            reloading.Release();
        }
    }

    /// <summary>Reads <c>Rules__N__…</c> anew; a rule that did not change stays as it is.</summary>
    /// <exception cref="SettingException">The first mistake: the rules stay as they were.</exception>
    public void ReloadConfiguration()
    {
        var rules = ConfiguredRules.Read(configuration, Types);
        lock (gate)
        {
            configured = [.. rules.Select(rule => (rule, CompileConfigured(rule)))];
            RebuildAll();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch.Dispose();
        reloading.Dispose();
    }

    private void ReloadChangedConfiguration()
    {
        try
        {
            ReloadConfiguration();
        }
        catch (SettingException mistake)
        {
            LogRefused(mistake.Message);
        }
    }

    private CompiledRule? CompileConfigured(ConfiguredRule rule)
    {
        if (!rule.Rule.Enabled)
            return null;

        var (before, compiled) = configured.FirstOrDefault(pair => string.Equals(pair.Rule.Id, rule.Id, StringComparison.Ordinal));
        return compiled is not null && before.Place == rule.Place && before.Rule.Fields.ToBytes().AsSpan().SequenceEqual(rule.Rule.Fields.ToBytes())
            ? compiled
            : rule.Rule.Compile(rule.Id, DateTimeOffset.UnixEpoch.AddTicks(rule.Place), services);
    }

    // Under the lock, here and below.
    private void RebuildAll()
    {
        shared = new WorkspaceRules().Build(ConfiguredFor(workspace: null), static _ => null);
        foreach (var workspace in stored.Keys.Concat(sets.Keys).Concat(configured.Select(static pair => pair.Rule.Workspace).OfType<string>()).ToHashSet(StringComparer.Ordinal))
            Rebuild(workspace);
    }

    private void Rebuild(string workspace)
    {
        var rules = stored.GetValueOrDefault(workspace) ?? new WorkspaceRules();
        if (rules.IsEmpty)
            stored.Remove(workspace);
        if (rules.IsEmpty && !configured.Any(pair => string.Equals(pair.Rule.Workspace, workspace, StringComparison.Ordinal)))
            sets.TryRemove(workspace, out _);
        else
            sets[workspace] = rules.Build(ConfiguredFor(workspace), settings => DefaultCompression.Of(settings, Types, services));
    }

    private IEnumerable<CompiledRule> ConfiguredFor(string? workspace) => configured
        .Where(pair => pair.Compiled is not null && (workspace is null ? pair.Rule.Workspace is null : pair.Rule.IsFor(workspace)))
        .Select(static pair => pair.Compiled!); // not null: the filter saw it

    [LoggerMessage(411, LogLevel.Error, "The changed configuration is refused, and its rules stay as they were: {Mistake}")]
    private partial void LogRefused(string mistake);
}
