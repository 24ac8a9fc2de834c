namespace Gateway.Tests.Chaos;

/// <summary>What a receipt says after everything has recovered.</summary>
internal enum Charged
{
    /// <summary>There is no receipt.</summary>
    NoReceipt,

    /// <summary>A receipt that costs nothing.</summary>
    Nothing,

    /// <summary>What had been delivered at the last checkpoint: more than nothing, at most what the upstream emitted.</summary>
    Checkpoint,

    /// <summary>The whole price.</summary>
    Price,
}

/// <summary>A row of the crash matrix: the receipt of the one call.</summary>
/// <param name="Charged">What it costs.</param>
/// <param name="Outcome">How the call ended.</param>
/// <param name="Delivery">Whether the client has the answer, as far as is known.</param>
internal sealed record CrashRow(Charged Charged, string Outcome = "", string Delivery = "")
{
    public static readonly CrashRow None = new(Charged.NoReceipt);
    public static readonly CrashRow Free = new(Charged.Nothing, "recovered", "unconfirmed");
    public static readonly CrashRow ToCheckpoint = new(Charged.Checkpoint, "recovered", "unconfirmed");
    public static readonly CrashRow Refunded = new(Charged.Price, "complete", "refunded");
    public static readonly CrashRow Stands = new(Charged.Price, "complete", "unconfirmed");
    public static readonly CrashRow Delivered = new(Charged.Price, "complete", "confirmed");
}

/// <summary>One way to crash: where, how, in which sort of call; and the row that must be left.</summary>
internal sealed record CrashCase(string Point, string How, bool Streamed, CrashRow Row)
{
    /// <summary>Every case.</summary>
    public static IReadOnlyList<CrashCase> All { get; } =
    [
        // The process is gone with its front: what the spool says is what counts.
        .. Dies("hold_granted", CrashRow.None, CrashRow.None),
        .. Dies("intent_spooled", CrashRow.Free, CrashRow.Free),
        .. Dies("hold_renewed", CrashRow.Free, CrashRow.Free),
        .. Dies("checkpoint_spooled", CrashRow.Free, CrashRow.ToCheckpoint),
        .. Dies("upstream_ended", CrashRow.Free, CrashRow.ToCheckpoint),
        .. Dies("settle_spooled", CrashRow.Refunded, CrashRow.Stands),
        .. Dies("settle_fronted", CrashRow.Refunded, CrashRow.Stands),
        .. Dies("delivering_spooled", CrashRow.Stands, CrashRow.Stands),
        .. Dies("last_byte_written", CrashRow.Stands, CrashRow.Stands),
        .. Dies("batch_begun", CrashRow.Stands, CrashRow.Stands),
        .. Dies("batch_committed", CrashRow.Delivered, CrashRow.Delivered),

        // The replay of a settled call that was not delivered, interrupted and run again.
        .. Dies("replay_recorded", CrashRow.Refunded, CrashRow.Stands),
        .. Dies("replay_refunded", CrashRow.Refunded, CrashRow.Stands),
        .. Dies("replay_deleted", CrashRow.Refunded, CrashRow.Stands),
        .. Fails("replay_recorded", CrashRow.Refunded, CrashRow.Stands),
        .. Fails("replay_refunded", CrashRow.Refunded, CrashRow.Stands),
        .. Fails("replay_deleted", CrashRow.Refunded, CrashRow.Stands),

        // The step fails and the process lives on: an error answer is free, and what does not matter to the client goes on.
        .. Fails("hold_granted", CrashRow.None, CrashRow.None),
        .. Fails("intent_spooled", CrashRow.Free, CrashRow.Free),
        .. Fails("hold_renewed", CrashRow.Delivered, CrashRow.Delivered),
        .. Fails("checkpoint_spooled", CrashRow.Delivered, CrashRow.Delivered),
        .. Fails("delivering_spooled", CrashRow.Delivered, CrashRow.Delivered),
        .. Fails("batch_begun", CrashRow.Delivered, CrashRow.Delivered),
        .. Fails("batch_committed", CrashRow.Delivered, CrashRow.Delivered),
    ];

    /// <summary>Whether it happens in the replay of an earlier life, not in the call.</summary>
    public bool IsInReplay => Point.StartsWith("replay_", StringComparison.Ordinal);

    public override string ToString() => $"{Point}, {How}, {(Streamed ? "stream" : "plain")}";

    private static IEnumerable<CrashCase> Dies(string point, CrashRow plain, CrashRow stream) =>
        from how in (string[])["exit", "hang"]
        from streamed in (bool[])[false, true]
        select new CrashCase(point, how, streamed, streamed ? stream : plain);

    private static IEnumerable<CrashCase> Fails(string point, CrashRow plain, CrashRow stream) =>
        [new CrashCase(point, "throw", Streamed: false, plain), new CrashCase(point, "throw", Streamed: true, stream)];
}
