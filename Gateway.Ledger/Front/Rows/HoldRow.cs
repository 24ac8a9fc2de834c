using System.Text.Json;
using Gateway.Ledger.Front.InProcess;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>One row of <c>front_hold</c>: a hold in flight, or how it ended.</summary>
internal sealed record HoldRow
{
    public required long Epoch { get; init; }

    /// <summary>Who records it; <c>null</c>: it was reaped.</summary>
    public string? Gateway { get; init; }

    /// <summary>The member who owns the key; <c>null</c>: nobody.</summary>
    public string? Member { get; init; }

    public required Credits Amount { get; init; }

    public required BucketShare[] Split { get; init; }

    public RateState Rates { get; init; }

    public required DateTimeOffset HeldAt { get; init; }

    public required DateOnly Admitted { get; init; }

    /// <summary>What the token clock was advanced by.</summary>
    public required long Tokens { get; init; }

    public required DateTimeOffset LeaseEnds { get; init; }

    /// <summary>Unit: nano-credits.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>How it ended; <c>null</c>: it is live.</summary>
    public FrontSettlement? Over { get; init; }

    /// <summary>Whether the book has it, or there is nothing to record.</summary>
    public bool Recorded { get; init; }

    /// <summary>What was asked; read only where it is needed.</summary>
    public HoldRequest? Request { get; init; }

    /// <summary>What the last renewal said had been delivered; read only where it is needed.</summary>
    public Usage Delivered { get; init; }

    public static HoldRow Read(NpgsqlDataReader row) => new()
    {
        Epoch = row.GetInt64(0),
        Gateway = row.IsDBNull(1) ? null : row.GetString(1),
        Amount = new Credits(row.GetInt64(3)),
        Split = Shares(row, 4),
        Rates = row.IsDBNull(5) ? default : JsonSerializer.Deserialize(row.GetString(5), RowJson.Default.RateState),
        HeldAt = row.GetFieldValue<DateTimeOffset>(6),
        Admitted = row.GetFieldValue<DateOnly>(7),
        Tokens = row.GetInt64(8),
        LeaseEnds = row.GetFieldValue<DateTimeOffset>(9),
        Checkpoint = row.GetInt64(10),
        Over = string.Equals(row.GetString(2), "over", StringComparison.Ordinal)
            ? new FrontSettlement(new Credits(row.GetInt64(11)), new Credits(row.GetInt64(12)), Shares(row, 13), new Credits(row.GetInt64(14)))
            : null,
        Recorded = row.GetBoolean(15),
        Member = row.IsDBNull(16) ? null : row.GetString(16),
        Request = row.IsDBNull(17) ? null : JsonSerializer.Deserialize(row.GetString(17), RowJson.Default.HoldRequest),
        Delivered = row.IsDBNull(18) ? default : JsonSerializer.Deserialize(row.GetString(18), RowJson.Default.Usage),
    };

    /// <summary>Whether it counts in the epoch. What is in flight is of one epoch. What is over counts if the balances have it: those of its own epoch,
    /// and, once it is recorded, those of every later one.</summary>
    public bool CountsIn(long epoch) => Epoch == epoch || (Over is not null && Recorded);

    /// <summary>The hold in flight, among the rows that were read with it.</summary>
    public LiveHold ToLive(HoldRequest request, AccountState account, KeyState key, Spending? member) =>
        new(key, member, Admitted, Tokens, LeaseEnds.UtcTicks)
        {
            Hold = new Hold(request, Amount, Split, Rates, HeldAt),
            Buckets = account.FindBuckets(Split),
            Checkpoint = Checkpoint,
        };

    private static BucketShare[] Shares(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetString(column), RowJson.Default.BucketShareArray) ?? [];
}
