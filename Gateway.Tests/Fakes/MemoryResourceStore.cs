using System.Globalization;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Tests.Fakes;

/// <summary>The resource store's promises, in memory.</summary>
internal sealed class MemoryResourceStore : IResourceStore
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<(string Kind, string Id), Resource> rows = [];
    private readonly List<AuditRecord> audit = [];
    private readonly Dictionary<(string Actor, string Key), (string? Fingerprint, WriteResult Result)> done = [];

    public Task<Resource?> FindAsync(string kind, string id, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(rows.GetValueOrDefault((kind, id)));
    }

    public Task<long> ResourceVersionAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

    public Task<long> LastChangeAsync(IReadOnlyList<string> kinds, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(audit.LastOrDefault(record => kinds.Contains(record.Kind))?.Id ?? 0);
    }

    public Task<IReadOnlyList<ResourceChange>> ListChangesAsync(IReadOnlyList<string> kinds, long after, int limit, CancellationToken cancellationToken)
    {
        // Ids are places in the list, from 1.
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<ResourceChange>>([.. audit.Skip((int)after).Where(record => kinds.Contains(record.Kind)).Take(limit)
                .Select(record => new ResourceChange(record.Id, record.Kind, record.ResourceId, record.Workspace, rows.GetValueOrDefault((record.Kind, record.ResourceId))))]);
        }
    }

    public Task<WriteResult?> FindWriteAsync(Authorship by, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (by.IdempotencyKey is null || !done.TryGetValue((by.Actor, by.IdempotencyKey), out var before))
                return Task.FromResult<WriteResult?>(null);
            return Task.FromResult<WriteResult?>(before.Fingerprint != by.Fingerprint
                ? new WriteResult.KeyReused()
                : before.Result is WriteResult.Written written ? written with { Replayed = true } : before.Result);
        }
    }

    public Task<Resource?> FindByLookupAsync(string kind, string lookup, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(rows.Values.FirstOrDefault(row => row.Kind == kind && row.Lookup == lookup));
    }

    public Task<Page<Resource>> ListAsync(string kind, string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var found = rows.Values
                .Where(row => row.Kind == kind && (workspace is null || row.Workspace == workspace) && (cursor is null || string.CompareOrdinal(row.Id, cursor) > 0))
                .OrderBy(row => row.Id, StringComparer.Ordinal).Take(limit + 1).ToList();
            return Task.FromResult(new Page<Resource>([.. found.Take(limit)], found.Count > limit ? found[limit - 1].Id : null));
        }
    }

    public Task<WriteResult> CreateAsync(Resource resource, Authorship by, CancellationToken cancellationToken) => Once(by, () =>
    {
        if (rows.ContainsKey((resource.Kind, resource.Id)) || IsTaken(resource))
            return new WriteResult.Taken();
        return Audited("create", null, rows[(resource.Kind, resource.Id)] = resource with { Version = 1 }, by);
    });

    public Task<WriteResult> UpdateAsync(Resource resource, long? expectedVersion, Authorship by, CancellationToken cancellationToken) => Once(by, () =>
    {
        if (!rows.TryGetValue((resource.Kind, resource.Id), out var row))
            return new WriteResult.NotFound();
        if (expectedVersion is { } version && version != row.Version)
            return new WriteResult.VersionMismatch(row.Version);
        if (IsTaken(resource))
            return new WriteResult.Taken();
        return Audited("update", row, rows[(resource.Kind, resource.Id)] = resource with { Version = row.Version + 1 }, by);
    });

    public Task<WriteResult> DeleteAsync(string kind, string id, long? expectedVersion, Authorship by, CancellationToken cancellationToken) => Once(by, () =>
    {
        if (!rows.TryGetValue((kind, id), out var row))
            return new WriteResult.NotFound();
        if (expectedVersion is { } version && version != row.Version)
            return new WriteResult.VersionMismatch(row.Version);
        rows.Remove((kind, id));
        return Audited("delete", row, null, by);
    });

    public Task<Page<AuditRecord>> ListAuditAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var before = cursor is null ? long.MaxValue : long.Parse(cursor, CultureInfo.InvariantCulture);
            var found = audit.Where(record => record.Id < before && (workspace is null || record.Workspace == workspace)).Reverse().Take(limit + 1).ToList();
            return Task.FromResult(new Page<AuditRecord>(
                [.. found.Take(limit)], found.Count > limit ? found[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null));
        }
    }

    // Called under the lock.
    private WriteResult.Written Audited(string action, Resource? before, Resource? after, Authorship by)
    {
        var resource = after ?? before!;
        audit.Add(new AuditRecord(
            audit.Count + 1, resource.Workspace, by.Actor, action, resource.Kind, resource.Id, before?.Body, after?.Body, DateTimeOffset.UnixEpoch));
        return new WriteResult.Written(resource, Replayed: false);
    }

    private bool IsTaken(Resource resource) =>
        resource.Lookup is not null && rows.Values.Any(row => row.Kind == resource.Kind && row.Lookup == resource.Lookup && row.Id != resource.Id);

    private Task<WriteResult> Once(Authorship by, Func<WriteResult> write)
    {
        lock (gate)
        {
            if (by.IdempotencyKey is null)
                return Task.FromResult(write());
            if (done.TryGetValue((by.Actor, by.IdempotencyKey), out var before))
            {
                return Task.FromResult(before.Fingerprint != by.Fingerprint
                    ? new WriteResult.KeyReused()
                    : before.Result is WriteResult.Written written ? written with { Replayed = true } : before.Result);
            }

            var result = write();
            if (result is WriteResult.Written)
                done[(by.Actor, by.IdempotencyKey)] = (by.Fingerprint, result);
            return Task.FromResult(result);
        }
    }
}
