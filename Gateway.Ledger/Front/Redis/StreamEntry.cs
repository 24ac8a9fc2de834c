using Gateway.Ledger.Book;
using Gateway.Ledger.Recording;
using Gateway.Ledger.Spool;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>One entry of a shard's stream: a settlement with its payload, or a reaped call with its intent and checkpoint.</summary>
internal sealed class StreamEntry
{
    private readonly Dictionary<string, byte[]> fields = new(StringComparer.Ordinal);

    private StreamEntry(string streamId, ReceiptId id)
    {
        StreamId = streamId;
        Id = id;
    }

    public string StreamId { get; }

    public ReceiptId Id { get; }

    /// <summary>The epoch that it was charged in.</summary>
    public long Epoch => Number("e");

    /// <summary>Reads an entry as <c>claim.lua</c> returns it.</summary>
    public static StreamEntry Read(RedisResult[] entry)
    {
        var values = (RedisResult[])entry[1];
        if (!ReceiptId.TryParse((string)values[1], out var id))
            throw new InvalidDataException($"{(string)values[1]} is no receipt: the stream was written by something else.");

        var read = new StreamEntry((string)entry[0], id);
        for (var i = 0; i < values.Length; i += 2)
            read.fields[(string)values[i]] = (byte[])values[i + 1];
        return read;
    }

    /// <summary>The call with what was really charged.</summary>
    public static SettledCall Charged(SettledCall call, Credits cost, Credits shortfall, IReadOnlyList<BucketShare> paidBy)
    {
        var outcome = call.Outcome;
        if (shortfall > Credits.Zero)
            outcome = Outcome.Overrun;
        else if (outcome == Outcome.Overrun)
            outcome = Outcome.Complete;

        var receipt = call.Cost == cost && call.Shortfall == shortfall && call.Outcome == outcome
            ? call.Receipt
            : ReceiptDocument.WithCharge(call.Receipt.Span, cost, shortfall, outcome);
        return call with { Cost = cost, Shortfall = shortfall, Outcome = outcome, PaidBy = paidBy, Receipt = receipt };
    }

    /// <summary>What to record.</summary>
    /// <param name="at">When a reaped call counts as settled.</param>
    public UnrecordedCall ToCall(DateTimeOffset at)
    {
        var paidBy = RedisTerms.ReadSplit(fields["p"]);
        if (fields.TryGetValue("d", out var payload))
            return new UnrecordedCall(Charged(SettlePayload.Read(Id, payload).Call, new(Number("c")), new(Number("f")), paidBy), Text("g"));

        var intent = IntentPayload.Read(fields["i"]) with { HeldAt = RedisTime.Instant(Number("t")), Amount = Number("n") };
        Usage? delivered = fields["u"] is { Length: > 0 } checkpoint ? CheckpointPayload.Read(checkpoint).Usage : null;
        return new UnrecordedCall(RecoveredCall.Draft(Id, intent, delivered, paidBy, at), null);
    }

    private string Text(string name) => System.Text.Encoding.UTF8.GetString(fields[name]);

    private long Number(string name) => long.Parse(Text(name));
}
