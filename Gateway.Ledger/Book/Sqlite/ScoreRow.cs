namespace Gateway.Ledger.Book.Sqlite;

/// <summary>A row of <c>score</c>.</summary>
internal sealed record ScoreRow
{
    public long Id { get; init; }

    public required string Workspace { get; init; }

    public required byte[] Receipt { get; init; }

    public required string KeyId { get; init; }

    public string? RuleId { get; init; }

    public required string Tag { get; init; }

    public string? Strength { get; init; }

    public required string Arm { get; init; }

    public required string Source { get; init; }

    public required long Score { get; init; }

    public string? Note { get; init; }

    public required long CreatedAt { get; init; }

    public static ScoreRow Of(ScoreRecord score) => new()
    {
        Workspace = score.Workspace,
        Receipt = SqliteRecorder.Key(score.ReceiptId),
        KeyId = score.KeyId,
        RuleId = score.RuleId,
        Tag = score.Tag,
        Strength = score.Strength,
        Arm = score.Arm,
        Source = score.Source,
        Score = score.Millionths,
        Note = score.Note,
        CreatedAt = Micros.Of(score.CreatedAt),
    };

    public ScoreRecord ToRecord() => new()
    {
        Id = Id,
        Workspace = Workspace,
        ReceiptId = new ReceiptId(new Guid(Receipt, bigEndian: true)),
        KeyId = KeyId,
        RuleId = RuleId,
        Tag = Tag,
        Strength = Strength,
        Arm = Arm,
        Source = Source,
        Millionths = Score,
        Note = Note,
        CreatedAt = Micros.ToTime(CreatedAt),
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

    public required long UpdatedAt { get; init; }

    public StoredDetector ToDetector() => new(new DetectorKey(Workspace, RuleId, Tag, Strength), Summary, Version, Micros.ToTime(UpdatedAt));
}
