namespace Gateway.Tests.Chaos;

/// <summary>What a receipt says after everything has recovered.</summary>
internal enum Charged
{
    /// <summary>There is no receipt.</summary>
    NoReceipt,

    /// <summary>There is no receipt, or one that costs nothing: it depends on whether the hold's lease or its epoch ends first.</summary>
    NothingAtMost,

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
    public static readonly CrashRow NoneOrFree = new(Charged.NothingAtMost, "recovered", "unconfirmed");
    public static readonly CrashRow Free = new(Charged.Nothing, "recovered", "unconfirmed");
    public static readonly CrashRow ToCheckpoint = new(Charged.Checkpoint, "recovered", "unconfirmed");
    public static readonly CrashRow Refunded = new(Charged.Price, "complete", "refunded");
    public static readonly CrashRow Stands = new(Charged.Price, "complete", "unconfirmed");
    public static readonly CrashRow Delivered = new(Charged.Price, "complete", "confirmed");
}

/// <summary>On whose watch the point is reached.</summary>
internal enum CrashScene
{
    /// <summary>In the gateway that serves the call.</summary>
    InCall,

    /// <summary>In the next life of a gateway that died with a settlement in its spool.</summary>
    InNextLife,

    /// <summary>In another gateway, which ends what a dead one left; the dead one's disk is lost.</summary>
    InOther,
}

/// <summary>One way to crash: where, how, in which sort of call; and the row that must be left.</summary>
internal sealed record CrashCase(bool Shared, CrashScene Scene, string Point, string How, bool Streamed, CrashRow Row)
{
    /// <summary>Every case.</summary>
    public static IReadOnlyList<CrashCase> All { get; } =
    [
        // SQLite and a front in process: the front is gone with its process, and what the spool says is what counts.
        .. Dies(false, "hold_granted", CrashRow.None, CrashRow.None),
        .. Dies(true, "hold_granted", CrashRow.NoneOrFree, CrashRow.NoneOrFree),
        // An intent is in the file within 20 ms: a call that dies before that has delivered nothing, and may leave no receipt.
        .. Everywhere(static shared => Dies(shared, "intent_spooled", CrashRow.NoneOrFree, CrashRow.NoneOrFree)),
        .. Everywhere(static shared => Dies(shared, "hold_renewed", CrashRow.Free, CrashRow.Free)),
        .. Everywhere(static shared => Dies(shared, "checkpoint_spooled", CrashRow.Free, CrashRow.ToCheckpoint)),
        .. Everywhere(static shared => Dies(shared, "upstream_ended", CrashRow.Free, CrashRow.ToCheckpoint)),
        .. Everywhere(static shared => Dies(shared, "settle_spooled", CrashRow.Refunded, CrashRow.Stands)),
        .. Everywhere(static shared => Dies(shared, "settle_fronted", CrashRow.Refunded, CrashRow.Stands)),
        .. Everywhere(static shared => Dies(shared, "delivering_spooled", CrashRow.Stands, CrashRow.Stands)),
        .. Everywhere(static shared => Dies(shared, "last_byte_written", CrashRow.Stands, CrashRow.Stands)),
        .. Everywhere(static shared => Dies(shared, "batch_begun", CrashRow.Stands, CrashRow.Stands)),
        .. Everywhere(static shared => Dies(shared, "batch_committed", CrashRow.Delivered, CrashRow.Delivered)),
        .. Dies(true, "batch_acknowledged", CrashRow.Delivered, CrashRow.Delivered),

        // The step fails and the process lives on: an error answer is free, and what does not matter to the client goes on.
        .. Everywhere(static shared => Fails(shared, "hold_granted", CrashRow.None, CrashRow.None)),
        .. Everywhere(static shared => Fails(shared, "intent_spooled", CrashRow.Free, CrashRow.Free)),
        .. Everywhere(static shared => Fails(shared, "hold_renewed", CrashRow.Delivered, CrashRow.Delivered)),
        .. Everywhere(static shared => Fails(shared, "checkpoint_spooled", CrashRow.Delivered, CrashRow.Delivered)),
        .. Everywhere(static shared => Fails(shared, "delivering_spooled", CrashRow.Delivered, CrashRow.Delivered)),
        .. Everywhere(static shared => Fails(shared, "batch_begun", CrashRow.Delivered, CrashRow.Delivered)),
        .. Everywhere(static shared => Fails(shared, "batch_committed", CrashRow.Delivered, CrashRow.Delivered)),

        // A front that does not answer a settlement, or whose answer is lost: the spool has it, and the front hears of it again.
        .. Fails(true, "settle_spooled", CrashRow.Delivered, CrashRow.Delivered),
        .. Fails(true, "settle_fronted", CrashRow.Delivered, CrashRow.Delivered),
        .. Fails(true, "batch_acknowledged", CrashRow.Delivered, CrashRow.Delivered),

        // The start after a settled call that was not delivered, interrupted and run again.
        .. Everywhere(static shared => Replays(shared, "replay_recorded")),
        .. Everywhere(static shared => Replays(shared, "replay_refunded")),
        .. Everywhere(static shared => Replays(shared, "replay_deleted")),

        // A peer that ends the dead one's call, from what the shared front has.
        .. Others("claim_recorded", CrashRow.Free, CrashRow.ToCheckpoint),
    ];

    /// <summary>The drawn cases of one sort of stores.</summary>
    public static IEnumerable<CrashCase> Drawn(bool shared, int seed, int count)
    {
        var random = new Random(seed);
        return All.OrderBy(_ => random.Next()).Take(count).Where(drawn => drawn.Shared == shared);
    }

    public override string ToString() => $"{Point}, {How}, {(Streamed ? "stream" : "plain")}";

    private static IEnumerable<CrashCase> Everywhere(Func<bool, IEnumerable<CrashCase>> cases) => cases(false).Concat(cases(true));

    private static IEnumerable<CrashCase> Dies(bool shared, string point, CrashRow plain, CrashRow stream) => Of(shared, CrashScene.InCall, point, ["exit", "hang"], plain, stream);

    private static IEnumerable<CrashCase> Fails(bool shared, string point, CrashRow plain, CrashRow stream) => Of(shared, CrashScene.InCall, point, ["throw"], plain, stream);

    private static IEnumerable<CrashCase> Replays(bool shared, string point) =>
        Of(shared, CrashScene.InNextLife, point, ["exit", "hang", "throw"], CrashRow.Refunded, CrashRow.Stands);

    private static IEnumerable<CrashCase> Others(string point, CrashRow plain, CrashRow stream) => Of(shared: true, CrashScene.InOther, point, ["exit", "hang", "throw"], plain, stream);

    private static IEnumerable<CrashCase> Of(bool shared, CrashScene scene, string point, string[] ways, CrashRow plain, CrashRow stream) =>
        from how in ways
        from streamed in (bool[])[false, true]
        select new CrashCase(shared, scene, point, how, streamed, streamed ? stream : plain);
}
