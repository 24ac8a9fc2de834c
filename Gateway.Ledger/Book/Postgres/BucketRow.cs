using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>A row of <c>bucket</c>: a customer's bucket, or a house account of the same account and currency. Amounts in nano-credits.</summary>
internal sealed record BucketRow
{
    /// <summary>The house's income.</summary>
    public const string Revenue = "revenue";

    /// <summary>What the house paid in a customer's stead.</summary>
    public const string Shortfall = "shortfall";

    /// <summary>Where top-ups come from.</summary>
    public const string External = "external";

    /// <summary>Where corrections by hand come from and go to.</summary>
    public const string Adjustment = "adjustment";

    /// <summary>Where the rest of a pack goes when it has ended.</summary>
    public const string Expired = "expired";

    public required long No { get; init; }

    public required string Account { get; init; }

    public required string Id { get; init; }

    public required string Kind { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    public required string Currency { get; init; }

    public int Priority { get; init; } = 50;

    public bool Promotional { get; init; }

    public required DateTime CreatedAt { get; init; }

    public DateTime? ExpiresAt { get; init; }

    public long Credited { get; set; }

    public long Spent { get; set; }

    public long Posted { get; set; }

    public long Version { get; set; }

    public long CreditVersion { get; set; }

    /// <summary>Whether it is a customer's, not the house's.</summary>
    public bool IsCustomers => Kind is "pack" or "credit" or "wallet";

    /// <summary>Reads the columns in the order of <c>bucket_lock.sql</c>.</summary>
    public static BucketRow Read(NpgsqlDataReader row) => new()
    {
        No = row.GetInt64(0),
        Account = row.GetString(1),
        Id = row.GetString(2),
        Kind = row.GetString(3),
        Provider = row.IsDBNull(4) ? null : row.GetString(4),
        Model = row.IsDBNull(5) ? null : row.GetString(5),
        Currency = row.GetString(6),
        Priority = row.GetInt32(7),
        Promotional = row.GetBoolean(8),
        CreatedAt = row.GetDateTime(9),
        ExpiresAt = row.IsDBNull(10) ? null : row.GetDateTime(10),
        Credited = row.GetInt64(11),
        Spent = row.GetInt64(12),
        Posted = row.GetInt64(13),
        Version = row.GetInt64(14),
        CreditVersion = row.GetInt64(15),
    };

    /// <summary>The balance that the ledger shows.</summary>
    public BucketBalance ToBalance() => new()
    {
        Id = Id,
        Kind = LedgerNames.ParseBucketKind(Kind),
        Provider = Provider,
        Model = Model,
        Currency = Currency,
        Priority = Priority,
        Promotional = Promotional,
        CreatedAt = Instants.ToTime(CreatedAt),
        ExpiresAt = ExpiresAt is { } expires ? Instants.ToTime(expires) : null,
        Credited = new Credits(Credited),
        Spent = new Credits(Spent),
        CreditVersion = CreditVersion,
    };
}
