using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Ledger.Spool;

/// <summary>What a receipt needs when its call never settled. Amounts in nano-credits.</summary>
internal sealed record IntentPayload(
    string Account,
    string KeyId,
    DateTimeOffset HeldAt,
    long Amount,
    IReadOnlyList<IntentPayload.Part> Split,
    CallFacts Facts,
    Price Price)
{
    /// <summary>The intent of a hold, in this thread's scratch: valid until it writes another document.</summary>
    public static ReadOnlySpan<byte> Write(Hold hold)
    {
        var parts = new Part[hold.Split.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            var share = hold.Split[i];
            parts[i] = new Part(share.Bucket, share.Kind, share.Amount.Nano, share.BalanceAfter.Nano);
        }

        var request = hold.Request;
        var (buffer, json) = JsonScratch.Begin();
        JsonSerializer.Serialize(
            json,
            new IntentPayload(request.Account, request.Key.KeyId, hold.HeldAt, hold.Amount.Nano, parts, request.Facts, request.Price),
            IntentJson.Default.IntentPayload);
        json.Flush();
        return buffer.WrittenSpan;
    }

    /// <summary>The intent of a hold whose amounts are known elsewhere.</summary>
    public static byte[] Write(HoldRequest request) => JsonSerializer.SerializeToUtf8Bytes(
        new IntentPayload(request.Account, request.Key.KeyId, default, 0, [], request.Facts, request.Price), IntentJson.Default.IntentPayload);

    public static IntentPayload Read(ReadOnlySpan<byte> payload) =>
        JsonSerializer.Deserialize(payload, IntentJson.Default.IntentPayload) ?? throw new InvalidDataException("The spool has an empty intent.");

    /// <summary>The parts of the hold that pay the cost, in their order.</summary>
    public BucketShare[] Pay(Credits cost) =>
        HoldSplit.Pay([.. Split.Select(static part => new BucketShare(part.Bucket, part.Kind, new Credits(part.Amount), new Credits(part.Posted)))], cost);

    /// <summary>A part of the hold.</summary>
    internal sealed record Part(string Bucket, BucketKind Kind, long Amount, long Posted);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IntentPayload))]
internal sealed partial class IntentJson : JsonSerializerContext;

/// <summary>A cost spread over the parts of a hold.</summary>
internal static class HoldSplit
{
    /// <summary>Takes the cost from the parts in order; what exceeds them is left out.</summary>
    public static BucketShare[] Pay(IReadOnlyList<BucketShare> split, Credits cost)
    {
        if (cost == Credits.Zero)
            return [];

        var paid = new List<BucketShare>(split.Count);
        foreach (var part in split)
        {
            var amount = Credits.Min(part.Amount, cost);
            cost -= amount;
            if (amount > Credits.Zero)
                paid.Add(part with { Amount = amount, BalanceAfter = part.BalanceAfter - amount });
        }

        return [.. paid];
    }
}
