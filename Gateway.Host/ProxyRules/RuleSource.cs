using System.Collections.Concurrent;
using System.Text.Json;
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

    // The place is read before the documents: what is written in between is read a second time, and nothing is missed.
    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        ReloadConfiguration();
        var last = await store.LastChangeAsync(Kinds, cancellationToken);
        var all = new Dictionary<string, WorkspaceRules>(StringComparer.Ordinal);
        foreach (var kind in Kinds)
        {
            string? cursor = null;
            do
            {
                var page = await store.ListAsync(kind, workspace: null, PageSize, cursor, cancellationToken);
                foreach (var resource in page.Data)
                    Apply(all, new ResourceChange(0, kind, resource.Id, resource.Workspace, resource));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
        }

        lock (gate)
        {
            stored = all;
            RebuildAll();
        }

        place = last;
    }

    private async Task FollowAsync(long last, CancellationToken cancellationToken)
    {
        while (await store.ListChangesAsync(Kinds, last, PageSize, cancellationToken) is { Count: > 0 } changes)
        {
            lock (gate)
            {
                // Each change comes with its resource as it is now: of several to one resource, one is enough.
                foreach (var change in changes.DistinctBy(static change => (change.Kind, change.Id)))
                    Apply(stored, change);
                foreach (var workspace in changes.Select(static change => change.Workspace).Distinct(StringComparer.Ordinal))
                    Rebuild(workspace);
            }

            last = changes[^1].Place;
            place = last;
            if (changes.Count < PageSize)
                return;
        }
    }

    private void Apply(Dictionary<string, WorkspaceRules> all, ResourceChange change)
    {
        if (!all.TryGetValue(change.Workspace, out var rules))
            all[change.Workspace] = rules = new WorkspaceRules();
        try
        {
            Apply(rules, change);
        }
        catch (JsonException mistake)
        {
            LogUnreadable(change.Kind, change.Id, mistake.Message);
        }
    }

    private void Apply(WorkspaceRules rules, ResourceChange change)
    {
        switch (change.Kind, change.Now)
        {
            case (RuleFields.ResourceKind, null):
                rules.RemoveRule(change.Id);
                break;
            case (RuleFields.ResourceKind, { } rule):
                if (rules.Rules.GetValueOrDefault(rule.Id)?.Version != rule.Version)
                    rules.Put(Compile(rule));
                break;
            case (TagDocument.ResourceKind, null):
                rules.RemoveTag(change.Id);
                break;
            case (TagDocument.ResourceKind, { } tag):
                rules.Put(tag.Id, TagDocument.Read(tag.Body));
                break;
            default:
                rules.Settings = change.Now is { } workspace ? WorkspaceFields.Read(workspace.Body) : null;
                break;
        }
    }

    // A rule that another version of the gateway wrote may be beyond this one: it is left out, and nothing else with it.
    private StoredRule Compile(Resource resource)
    {
        var rule = Types.Read(RuleFields.Read(resource.Body), isText: false, out var mistakes);
        if (rule is null)
            LogUnreadable(RuleFields.ResourceKind, resource.Id, mistakes.Count > 0 ? $"{mistakes[0].Field} {mistakes[0].Message}" : "its type is not known.");
        return new StoredRule(resource.Id, resource.Version, rule, rule is { Enabled: true } ? rule.Compile(resource.Id, resource.CreatedAt, services) : null);
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

    [LoggerMessage(412, LogLevel.Error, "The {Kind} {Id} cannot be read and is left out: {Mistake}")]
    private partial void LogUnreadable(string kind, string id, string mistake);
}
