using System.Globalization;
using System.Text.Json;

namespace Gateway.Ledger.Proof;

/// <summary>One thing that was looked at in a receipt.</summary>
/// <param name="Ok">Whether it holds.</param>
/// <param name="Words">What was found, in one line.</param>
public sealed record ReceiptFinding(bool Ok, string Words);

/// <summary>Checks one served receipt without a gateway: its signature, and its arithmetic.</summary>
public static class ReceiptVerifier
{
    /// <summary>Looks at everything, also after something was wrong.</summary>
    /// <param name="document">The bytes as served; white space around them does not matter, any other change does.</param>
    /// <param name="keys">From <c>GET /v1/receipts/keys</c>, or of the configured master key.</param>
    /// <exception cref="FormatException">It is not a receipt; the message says why, in one line.</exception>
    public static IReadOnlyList<ReceiptFinding> Verify(ReadOnlyMemory<byte> document, ReceiptKeys keys)
    {
        var text = Trim(document);
        try
        {
            using var json = JsonDocument.Parse(text);
            var sums = ReceiptArithmetic.Read(json.RootElement);
            return [Signature(text.Span, keys), Cost(sums), PaidBy(json.RootElement, sums), Hold(sums)];
        }
        catch (JsonException exception)
        {
            throw new FormatException($"it is not JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or OverflowException)
        {
            throw new FormatException($"a member is not what a receipt has there: {exception.Message}", exception);
        }
    }

    private static ReceiptFinding Signature(ReadOnlySpan<byte> document, ReceiptKeys keys)
    {
        if (!ReceiptSignature.TryRead(document, out var hash, out var keyId, out var signature, out var mistake))
            return new ReceiptFinding(false, $"signature: {mistake}");

        return keys.Verify(keyId, hash, signature) switch
        {
            true => new ReceiptFinding(true, $"signature: by key {keyId}, over exactly these bytes"),
            false => new ReceiptFinding(false, $"signature: not over these bytes: the receipt was changed, or is not as it was served (key {keyId})"),
            null => new ReceiptFinding(false, $"signature: by key {keyId}, which is not among the keys to verify with"),
        };
    }

    private static ReceiptFinding Cost(ReceiptArithmetic sums) =>
        sums.CheckCost() is { } mistake
            ? new ReceiptFinding(false, $"cost: {mistake}")
            : new ReceiptFinding(true, $"cost: {sums.Cost}, from price lines that come to {sums.LinesCost} (outcome {sums.Outcome})");

    private static ReceiptFinding PaidBy(JsonElement receipt, ReceiptArithmetic sums)
    {
        var paid = Credits.Zero;
        var buckets = 0;
        foreach (var share in ReceiptArithmetic.Member(receipt, "paidBy").EnumerateArray())
        {
            paid += ReceiptArithmetic.Amount(ReceiptArithmetic.Member(share, "amount"), "paidBy.amount");
            buckets++;
        }

        return paid == sums.Cost
            ? new ReceiptFinding(true, string.Create(CultureInfo.InvariantCulture, $"paidBy: {buckets} buckets paid {paid}"))
            : new ReceiptFinding(false, string.Create(CultureInfo.InvariantCulture, $"paidBy: {buckets} buckets paid {paid}, the cost is {sums.Cost}"));
    }

    private static ReceiptFinding Hold(ReceiptArithmetic sums) =>
        sums.CheckHold() is { } mistake
            ? new ReceiptFinding(false, $"hold: {mistake}")
            : new ReceiptFinding(true, sums.Cost <= sums.Hold ? $"hold: {sums.Hold}, not less than the cost" : $"hold: {sums.Hold}, exceeded by the upstream's own count");

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> document)
    {
        var text = document.Span.StartsWith("\uFEFF"u8) ? document[3..] : document;
        return text.Trim(" \t\r\n"u8);
    }
}
