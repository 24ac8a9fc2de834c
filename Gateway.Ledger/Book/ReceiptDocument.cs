using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Ledger.Proof;

namespace Gateway.Ledger.Book;

/// <summary>The receipt as JSON: a draft at the settlement, and the fields that are known only later put before its closing brace.</summary>
internal static class ReceiptDocument
{
    /// <summary>Relaxed: a receipt is served as <c>application/json</c>, never inside HTML.</summary>
    internal static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>All that is known at the settlement.</summary>
    public static byte[] Draft(
        CallFacts facts,
        ReceiptId id,
        DateTimeOffset createdAt,
        Outcome outcome,
        Usage usage,
        CountedBy countedBy,
        Price price,
        Credits cost,
        Credits shortfall,
        Credits hold) =>
        ReceiptDraft.Write(facts, id, createdAt, outcome, usage, countedBy, price, cost, shortfall, hold);

    /// <summary>The whole document of a call that the book may not have yet.</summary>
    /// <param name="call">The call.</param>
    /// <param name="settledAt">When it was settled; <c>null</c> while it is not in the book.</param>
    public static ReadOnlyMemory<byte> Complete(SettledCall call, DateTimeOffset? settledAt) =>
        Complete(call.Receipt.Span, call.Delivery, settledAt, PaidBy(call.PaidBy));

    /// <summary>The whole document from its stored parts, signed as it is served if it is in a block and there are keys.</summary>
    /// <param name="draft">What the settlement wrote.</param>
    /// <param name="delivery">Whether the end of the answer is known to have left.</param>
    /// <param name="settledAt">When it was settled; <c>null</c> while it is not in the book.</param>
    /// <param name="paidBy">What <see cref="PaidBy"/> wrote.</param>
    /// <param name="block">Its block; <c>null</c>: none yet.</param>
    /// <param name="keys">Sign it; <c>null</c>: it stays unsigned.</param>
    /// <param name="refunds">Shown only where there are any.</param>
    public static ReadOnlyMemory<byte> Complete(
        ReadOnlySpan<byte> draft, Delivery delivery, DateTimeOffset? settledAt, ReadOnlySpan<byte> paidBy, long? block = null, ReceiptKeys? keys = null,
        IReadOnlyList<ReceiptRefund>? refunds = null)
    {
        var document = new ArrayBufferWriter<byte>(draft.Length + paidBy.Length + 160);
        document.Write(draft[..^1]);
        document.Write(draft.Length > 2 ? ",\"delivery\":\""u8 : "\"delivery\":\""u8);
        WriteAscii(document, LedgerNames.Of(delivery));
        document.Write("\",\"settledAt\":"u8);
        if (settledAt is { } at)
        {
            using var json = new Utf8JsonWriter(document, WriterOptions);
            json.WriteStringValue(Instant(at));
        }
        else
        {
            document.Write("null"u8);
        }

        document.Write(",\"paidBy\":"u8);
        document.Write(paidBy);
        if (refunds is { Count: > 0 })
            WriteRefunds(document, refunds);
        document.Write(",\"block\":"u8);
        WriteAscii(document, block?.ToString(CultureInfo.InvariantCulture) ?? "null");
        document.Write(",\"signature\":null}"u8);
        return block is null || keys is null ? document.WrittenMemory : ReceiptSignature.Sign(document.WrittenSpan, keys);
    }

    /// <summary>The <c>paidBy</c> array.</summary>
    public static byte[] PaidBy(IReadOnlyList<BucketShare> shares)
    {
        if (shares.Count == 0)
            return "[]"u8.ToArray();

        var (text, json) = JsonScratch.Begin();
        json.WriteStartArray();
        for (var i = 0; i < shares.Count; i++)
        {
            var share = shares[i];
            json.WriteStartObject();
            json.WriteString(Names.Bucket, share.Bucket);
            json.WriteString(Names.Kind, LedgerNames.Of(share.Kind));
            ExactDecimal.Write(json, Names.Amount, share.Amount.Nano, ExactDecimal.NanoScale);
            ExactDecimal.Write(json, Names.BalanceAfter, share.BalanceAfter.Nano, ExactDecimal.NanoScale);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return text.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="PaidBy"/> wrote.</summary>
    public static IReadOnlyList<BucketShare> ReadPaidBy(string text)
    {
        using var json = JsonDocument.Parse(text);
        var shares = new List<BucketShare>(json.RootElement.GetArrayLength());
        foreach (var share in json.RootElement.EnumerateArray())
        {
            shares.Add(new BucketShare(
                share.GetProperty("bucket").GetString() ?? throw new JsonException("paidBy.bucket is null."),
                LedgerNames.ParseBucketKind(share.GetProperty("kind").GetString() ?? throw new JsonException("paidBy.kind is null.")),
                Amount(share.GetProperty("amount")),
                Amount(share.GetProperty("balanceAfter"))));
        }

        return shares;

        static Credits Amount(JsonElement number) =>
            Credits.TryFromDecimal(number.GetDecimal(), out var credits) ? credits : throw new JsonException($"{number.GetRawText()} is not an amount.");
    }

    /// <summary>The draft with another cost and shortfall: only a replay after a crash finds a bucket emptier than its settlement did.</summary>
    public static byte[] WithCost(ReadOnlySpan<byte> draft, Credits cost, Credits shortfall)
    {
        var reader = new Utf8JsonReader(draft);
        var document = JsonNode.Parse(ref reader)?.AsObject() ?? throw new JsonException("A receipt is an object.");
        document["cost"] = cost.ToDecimal();
        document["shortfall"] = shortfall.ToDecimal();
        return JsonSerializer.SerializeToUtf8Bytes(document, Relaxed);
    }

    /// <summary>The draft as the front really charged it: cost, shortfall and outcome agree.</summary>
    public static byte[] WithCharge(ReadOnlySpan<byte> draft, Credits cost, Credits shortfall, Outcome outcome)
    {
        var reader = new Utf8JsonReader(draft);
        var document = JsonNode.Parse(ref reader)?.AsObject() ?? throw new JsonException("A receipt is an object.");
        document["outcome"] = LedgerNames.Of(outcome);
        document["cost"] = cost.ToDecimal();
        if (shortfall > Credits.Zero)
            document["shortfall"] = shortfall.ToDecimal();
        else
            document.Remove("shortfall");
        return JsonSerializer.SerializeToUtf8Bytes(document, Relaxed);
    }

    /// <summary>The draft's <c>currency</c>; <c>CREDIT</c> where it has none.</summary>
    public static string Currency(ReadOnlySpan<byte> draft) => Text(draft, "currency"u8) ?? DefaultCurrency;

    /// <summary>The draft's <c>memberId</c>; <c>null</c>: nobody's key.</summary>
    public static string? MemberId(ReadOnlySpan<byte> draft) => Text(draft, "memberId"u8);

    /// <summary>UTC, whole milliseconds, so that the pending and the stored document say the same.</summary>
    internal static DateTime Instant(DateTimeOffset at) => at.UtcDateTime.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMillisecond));

    private const string DefaultCurrency = "CREDIT";

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static void WriteRefunds(ArrayBufferWriter<byte> document, IReadOnlyList<ReceiptRefund> refunds)
    {
        document.Write(",\"refunds\":"u8);
        using var json = new Utf8JsonWriter(document, WriterOptions);
        json.WriteStartArray();
        foreach (var refund in refunds)
        {
            json.WriteStartObject();
            ExactDecimal.Write(json, Names.Amount, refund.Amount.Nano, ExactDecimal.NanoScale);
            json.WriteString(Names.At, Instant(refund.At));
            json.WriteString(Names.Reason, refund.Reason);
            json.WriteString(Names.Posting, refund.PostingId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string? Text(ReadOnlySpan<byte> draft, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(draft);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals(name))
                return reader.Read() ? reader.GetString() : null;
        }

        return null;
    }

    private static void WriteAscii(ArrayBufferWriter<byte> to, string text) => Encoding.ASCII.GetBytes(text.AsSpan(), to);

    private static class Names
    {
        public static readonly JsonEncodedText Bucket = JsonEncodedText.Encode("bucket");
        public static readonly JsonEncodedText Kind = JsonEncodedText.Encode("kind");
        public static readonly JsonEncodedText Amount = JsonEncodedText.Encode("amount");
        public static readonly JsonEncodedText BalanceAfter = JsonEncodedText.Encode("balanceAfter");
        public static readonly JsonEncodedText At = JsonEncodedText.Encode("at");
        public static readonly JsonEncodedText Reason = JsonEncodedText.Encode("reason");
        public static readonly JsonEncodedText Posting = JsonEncodedText.Encode("posting");
    }
}

/// <summary>One refund as its receipt shows it.</summary>
/// <param name="PostingId">The refund's own id.</param>
/// <param name="Amount">How much was given back.</param>
/// <param name="Reason">For example <c>requested</c>.</param>
/// <param name="At">When.</param>
internal sealed record ReceiptRefund(string PostingId, Credits Amount, string Reason, DateTimeOffset At);
