using System.Globalization;
using System.Text.Json;
using Gateway.Ledger.Book;

namespace Gateway.Ledger.Proof;

/// <summary>What a receipt says about money, computed again from what it says about quantities and prices.</summary>
/// <param name="Id">The receipt.</param>
/// <param name="Outcome">How the call ended.</param>
/// <param name="CountedBy">Who counted the tokens.</param>
/// <param name="Lines">Quantity × price over all lines. Unit: pico-credits.</param>
/// <param name="Cost">What was charged.</param>
/// <param name="Shortfall">What the house paid.</param>
/// <param name="Hold">What was set aside.</param>
internal sealed record ReceiptArithmetic(string Id, string Outcome, string CountedBy, Int128 Lines, Credits Cost, Credits Shortfall, Credits Hold)
{
    /// <summary>The lines' sum as money: divided once, rounded up once to a nano-credit.</summary>
    public Credits LinesCost => new((long)((Lines + 999) / 1000));

    /// <summary>Reads a receipt's document, stored or served.</summary>
    /// <exception cref="FormatException">A member is missing, or is not what it should be; the message names it.</exception>
    public static ReceiptArithmetic Read(JsonElement receipt)
    {
        Int128 lines = 0;
        foreach (var line in Member(Member(receipt, "price"), "lines").EnumerateArray())
        {
            var item = Text(line, "item");
            var unit = ReceiptUnit.In(line) ?? throw new FormatException($"{item} has no price, or several");
            var price = Member(line, unit.PriceName.Value);
            var quantity = Quantity(line, item, unit.QuantityScale);
            var cost = Scaled(price, unit.PriceScale) * quantity;
            if (Scaled(Member(line, "cost"), ExactDecimal.PicoScale) != cost)
            {
                throw new FormatException(
                    $"{Member(line, "quantity").GetRawText()} {item} at {price.GetRawText()} {unit.Per} are not {Member(line, "cost").GetRawText()}");
            }

            lines += cost;
        }

        var shortfall = receipt.TryGetProperty("shortfall", out var paid) ? Amount(paid, "shortfall") : Credits.Zero;
        return new ReceiptArithmetic(
            Text(receipt, "id"), Text(receipt, "outcome"), Text(Member(receipt, "usage"), "countedBy"), lines,
            Amount(Member(receipt, "cost"), "cost"), shortfall, Amount(Member(receipt, "hold"), "hold"));
    }

    /// <summary>I8: what is wrong with the cost, in words; <c>null</c>: nothing.</summary>
    public string? CheckCost()
    {
        var total = Cost + Shortfall;
        return Outcome switch
        {
            "failed" or "empty" or "rejected" or "cached" => total == Credits.Zero ? null : $"it is {Outcome}, and so free, but costs {total}",
            "complete" or "overrun" => total == LinesCost ? null : $"its price lines come to {LinesCost}, its cost and shortfall to {total}",

            // Cut short: never more than was held. Settled by someone else than its gateway: what that one knew of it, so perhaps less.
            "recovered" => total <= Credits.Min(LinesCost, Hold) ? null : $"its price lines come to {LinesCost} of {Hold} held, its cost to {total}",
            _ => total == Credits.Min(LinesCost, Hold) ? null : $"its price lines come to {LinesCost} of {Hold} held, its cost and shortfall to {total}",
        };
    }

    /// <summary>I7: above the hold only where the upstream's own count of a whole answer explains it.</summary>
    public string? CheckHold() =>
        Cost + Shortfall <= Hold || (Outcome is "complete" or "overrun" && CountedBy is "upstream")
            ? null
            : $"{Hold} were held, {Cost + Shortfall} charged, and nothing explains the difference (outcome {Outcome}, counted by {CountedBy})";

    internal static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var member) ? member : throw new FormatException($"it has no {name}");

    internal static string Text(JsonElement of, string name) =>
        Member(of, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() ?? "" : throw new FormatException($"its {name} is not text");

    internal static Credits Amount(JsonElement number, string name)
    {
        var nano = Scaled(number, ExactDecimal.NanoScale);
        return nano >= long.MinValue && nano <= long.MaxValue ? new Credits((long)nano) : throw new FormatException($"its {name} is beyond every amount");
    }

    private static long Quantity(JsonElement line, string item, int scale)
    {
        var quantity = Scaled(Member(line, "quantity"), scale);
        return quantity >= 0 && quantity <= long.MaxValue ? (long)quantity : throw new FormatException($"the quantity of {item} is not one");
    }

    // Exact, and without the 28 digits of a decimal as a bound: a line's cost in pico-credits may have more.
    private static Int128 Scaled(JsonElement number, int scale)
    {
        var text = number.ValueKind == JsonValueKind.Number ? number.GetRawText() : throw new FormatException($"{number.GetRawText()} is not a number");
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var decimals = point < 0 ? 0 : text.Length - point - 1;
        if (decimals > scale)
            throw new FormatException($"{text} has more than {scale} decimals");
        var digits = string.Concat(point < 0 ? text : text.Remove(point, 1), new string('0', scale - decimals));
        return Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"{text} is not an exact amount");
    }
}
