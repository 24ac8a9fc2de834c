namespace Gateway.Ledger.Book.Postgres;

/// <summary>A row of <c>score</c>.</summary>
internal sealed record ScoreRow
{
    public long Id { get; init; }

    public required string Workspace { get; init; }

    public required Guid Receipt { get; init; }

    public required string KeyId { get; init; }

    public string? RuleId { get; init; }

    public required string Tag { get; init; }

    public string? Strength { get; init; }

    public required string Arm { get; init; }

    public required string Source { get; init; }

    public required int Score { get; init; }

    public string? Note { get; init; }

    public required DateTime CreatedAt { get; init; }

    public static ScoreRow Of(ScoreRecord score) => new()
    {
        Workspace = score.Workspace,
        Receipt = score.ReceiptId.Value,
        KeyId = score.KeyId,
        RuleId = score.RuleId,
        Tag = score.Tag,
        Strength = score.Strength,
        Arm = score.Arm,
        Source = score.Source,
        Score = (int)score.Millionths,
        Note = score.Note,
        CreatedAt = Instants.Of(score.CreatedAt),
    };

    public ScoreRecord ToRecord() => new()
    {
        Id = Id,
        Workspace = Workspace,
        ReceiptId = new ReceiptId(Receipt),
        KeyId = KeyId,
        RuleId = RuleId,
        Tag = Tag,
        Strength = Strength,
        Arm = Arm,
        Source = Source,
        Millionths = Score,
        Note = Note,
        CreatedAt = Instants.ToTime(CreatedAt),
    };
}

/// <summary>A row of <c>detector</c>, without its state.</summary>
internal sealed record DetectorRow
{
    public required string Id { get; init; }

    public required string Workspace { get; init; }

    public required string RuleId { get; init; }

    public required string Tag { get; init; }

    public required string Strength { get; init; }

    public required byte[] Summary { get; init; }

    public required long Version { get; init; }

    public required DateTime UpdatedAt { get; init; }

    public StoredDetector ToDetector() => new(new DetectorKey(Workspace, RuleId, Tag, Strength), Summary, Version, Instants.ToTime(UpdatedAt));
}
