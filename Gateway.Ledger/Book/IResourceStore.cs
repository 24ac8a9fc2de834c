namespace Gateway.Ledger.Book;

/// <summary>One resource of the control plane (a key, a channel, a model …) as a versioned JSON document.</summary>
/// <param name="Kind">For example <c>key</c>.</param>
/// <param name="Id">For example <c>key_…</c>; unique within the kind.</param>
/// <param name="Workspace">The tenant that owns it.</param>
/// <param name="Lookup">A second unique name within the kind, such as a key's MAC; <c>null</c>: none.</param>
/// <param name="Body">The document, UTF-8 JSON.</param>
/// <param name="Version">Counts writes from 1; the ETag.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When it was last written.</param>
public sealed record Resource(
    string Kind,
    string Id,
    string Workspace,
    string? Lookup,
    byte[] Body,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Who wrote, and under which <c>Idempotency-Key</c>.</summary>
/// <param name="Actor">The key or operator, for the audit record.</param>
/// <param name="IdempotencyKey">The caller's key; <c>null</c>: each call writes.</param>
/// <param name="Fingerprint">SHA-256 (hex) of what was asked.</param>
public sealed record Authorship(string Actor, string? IdempotencyKey = null, string? Fingerprint = null);

/// <summary>The answer to a write of a resource: a closed family.</summary>
public abstract record WriteResult
{
    private WriteResult()
    {
    }

    /// <summary>Written; <paramref name="Replayed"/>: written before under the same idempotency key.</summary>
    public sealed record Written(Resource Resource, bool Replayed) : WriteResult;

    /// <summary>No such resource.</summary>
    public sealed record NotFound : WriteResult;

    /// <summary>It has another version than the caller expected.</summary>
    public sealed record VersionMismatch(long Version) : WriteResult;

    /// <summary>Its id or its look-up name is taken.</summary>
    public sealed record Taken : WriteResult;

    /// <summary>The idempotency key was used for something else.</summary>
    public sealed record KeyReused : WriteResult;
}

/// <summary>One write, as whoever follows the resources reads it.</summary>
/// <param name="Place">Counts up in the order of the writes, with gaps.</param>
/// <param name="Kind">The resource's kind.</param>
/// <param name="Id">The resource.</param>
/// <param name="Workspace">The tenant that owns it.</param>
/// <param name="Now">The resource as it is now, which may be later than this write; <c>null</c>: it is gone.</param>
public sealed record ResourceChange(long Place, string Kind, string Id, string Workspace, Resource? Now);

/// <summary>Where the control plane keeps its documents; every write leaves an audit record in the same transaction.</summary>
public interface IResourceStore
{
    /// <summary>By id.</summary>
    Task<Resource?> FindAsync(string kind, string id, CancellationToken cancellationToken);

    /// <summary>By look-up name.</summary>
    Task<Resource?> FindByLookupAsync(string kind, string lookup, CancellationToken cancellationToken);

    /// <summary>A page in order of id; <paramref name="workspace"/> <c>null</c>: every tenant's.</summary>
    Task<Page<Resource>> ListAsync(string kind, string? workspace, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Makes one; its version becomes 1.</summary>
    Task<WriteResult> CreateAsync(Resource resource, Authorship by, CancellationToken cancellationToken);

    /// <summary>Replaces body and look-up name; <paramref name="expectedVersion"/> <c>null</c>: whatever version it has.</summary>
    Task<WriteResult> UpdateAsync(Resource resource, long? expectedVersion, Authorship by, CancellationToken cancellationToken);

    /// <summary>Rises with every write of any gateway, so that the others learn of it; 0: there are no others.</summary>
    Task<long> ResourceVersionAsync(CancellationToken cancellationToken);

    /// <summary>The place of the last write of these kinds; 0: there was none. Who reads it before the resources misses nothing after it.</summary>
    Task<long> LastChangeAsync(IReadOnlyList<string> kinds, CancellationToken cancellationToken);

    /// <summary>The writes of these kinds after a place, in their order.</summary>
    Task<IReadOnlyList<ResourceChange>> ListChangesAsync(IReadOnlyList<string> kinds, long after, int limit, CancellationToken cancellationToken);

    /// <summary>What a write under this idempotency key has returned; <c>null</c>: there was none.</summary>
    Task<WriteResult?> FindWriteAsync(Authorship by, CancellationToken cancellationToken);

    /// <summary>Removes it.</summary>
    Task<WriteResult> DeleteAsync(string kind, string id, long? expectedVersion, Authorship by, CancellationToken cancellationToken);

    /// <summary>Audit records, newest first; <paramref name="workspace"/> <c>null</c>: every tenant's.</summary>
    Task<Page<AuditRecord>> ListAuditAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken);
}
