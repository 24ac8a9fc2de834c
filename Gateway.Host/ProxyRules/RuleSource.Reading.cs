using System.Text.Json;
using Gateway.Ledger.Book;

namespace Gateway.Host.ProxyRules;

/// <summary>What is stored: read whole once, then followed.</summary>
internal sealed partial class RuleSource
{
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

    [LoggerMessage(412, LogLevel.Error, "The {Kind} {Id} cannot be read and is left out: {Mistake}")]
    private partial void LogUnreadable(string kind, string id, string mistake);
}
