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
    public static byte[] Write(Hold hold) => JsonSerializer.SerializeToUtf8Bytes(
        new IntentPayload(
            hold.Request.Account,
            hold.Request.Key.KeyId,
            hold.HeldAt,
            hold.Amount.Nano,
            [.. hold.Split.Select(static share => new Part(share.Bucket, share.Kind, share.Amount.Nano, share.BalanceAfter.Nano))],
            hold.Request.Facts,
            hold.Request.Price),
        IntentJson.Default.IntentPayload);

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
