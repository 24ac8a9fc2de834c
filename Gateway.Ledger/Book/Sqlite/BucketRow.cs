namespace Gateway.Ledger.Book.Sqlite;

/// <summary>A row of <c>bucket</c>: a customer's bucket, or a house account of the same account and currency. Amounts in nano-credits, times in microseconds.</summary>
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

    public long No { get; set; }

    public required string Account { get; init; }

    public required string Id { get; init; }

    public required string Kind { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    public required string Currency { get; init; }

    public long Priority { get; init; } = 50;

    public long Promotional { get; init; }

    public required long CreatedAt { get; init; }

    public long? ExpiresAt { get; init; }

    public long Credited { get; set; }

    public long Spent { get; set; }

    public long Posted { get; set; }

    public long Version { get; set; }

    public long CreditVersion { get; set; }

    /// <summary>Whether it is a customer's, not the house's.</summary>
    public bool IsCustomers => Kind is "pack" or "credit" or "wallet";

    /// <summary>The balance that the ledger shows.</summary>
    public BucketBalance ToBalance() => new()
    {
        Id = Id,
        Kind = LedgerNames.ParseBucketKind(Kind),
        Provider = Provider,
        Model = Model,
        Currency = Currency,
        Priority = (int)Priority,
        Promotional = Promotional != 0,
        CreatedAt = Micros.ToTime(CreatedAt),
        ExpiresAt = ExpiresAt is { } expires ? Micros.ToTime(expires) : null,
        Credited = new Credits(Credited),
        Spent = new Credits(Spent),
        CreditVersion = CreditVersion,
    };
}
