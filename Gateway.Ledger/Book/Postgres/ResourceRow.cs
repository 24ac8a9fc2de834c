namespace Gateway.Ledger.Book.Postgres;

/// <summary>A row of <c>resource</c>, or of <c>resource_write</c> with the author's fields filled in.</summary>
internal sealed record ResourceRow
{
    public required string Kind { get; init; }

    public required string Id { get; init; }

    public required string Workspace { get; init; }

    public string? Lookup { get; init; }

    public required byte[] Body { get; init; }

    public required long Version { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }

    public string? Actor { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? Fingerprint { get; init; }

    public DateTime? At { get; init; }

    public static ResourceRow Of(Resource resource) => new()
    {
        Kind = resource.Kind,
        Id = resource.Id,
        Workspace = resource.Workspace,
        Lookup = resource.Lookup,
        Body = resource.Body,
        Version = resource.Version,
        CreatedAt = Instants.Of(resource.CreatedAt),
        UpdatedAt = Instants.Of(resource.UpdatedAt),
    };

    /// <summary>What the write of this row returns when it is asked for again.</summary>
    public WriteResult ReplayFor(Authorship by) =>
        string.Equals(Fingerprint, by.Fingerprint ?? "", StringComparison.Ordinal) ? new WriteResult.Written(ToResource(), Replayed: true) : new WriteResult.KeyReused();

    public Resource ToResource() => new(Kind, Id, Workspace, Lookup, Body, Version, Instants.ToTime(CreatedAt), Instants.ToTime(UpdatedAt));
}
