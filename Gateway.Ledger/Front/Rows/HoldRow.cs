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
        Request = row.IsDBNull(15) ? null : JsonSerializer.Deserialize(row.GetString(15), RowJson.Default.HoldRequest),
        Delivered = row.IsDBNull(16) ? default : JsonSerializer.Deserialize(row.GetString(16), RowJson.Default.Usage),
    };

    /// <summary>The hold in flight, among the buckets and the key that were read with it.</summary>
    public LiveHold ToLive(HoldRequest request, AccountState account, KeyState key) =>
        new(new Hold(request, Amount, Split, Rates, HeldAt), key, account.FindBuckets(Split), Admitted, Tokens, LeaseEnds.UtcTicks) { Checkpoint = Checkpoint };

    private static BucketShare[] Shares(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetString(column), RowJson.Default.BucketShareArray) ?? [];
}
