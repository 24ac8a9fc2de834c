using System.Text.Json;

namespace Gateway.Ledger.Book;

/// <summary>How a price line of a receipt says its quantity and its price, so that the one times the other is the cost: tokens per million, images each, sound in seconds, characters per million.</summary>
/// <param name="PriceName">The member with the price.</param>
/// <param name="PriceScale">Decimals between that price and pico-credits for one unit of <see cref="PriceLine.Quantity"/>.</param>
/// <param name="QuantityScale">Decimals between the shown quantity and <see cref="PriceLine.Quantity"/>.</param>
/// <param name="Per">What the price is for, in words.</param>
internal sealed record ReceiptUnit(JsonEncodedText PriceName, int PriceScale, int QuantityScale, string Per)
{
    private static readonly ReceiptUnit Tokens = new(JsonEncodedText.Encode("pricePer1M"), ExactDecimal.PicoPerMillionScale, 0, "per million");
    private static readonly ReceiptUnit Images = new(JsonEncodedText.Encode("pricePerImage"), ExactDecimal.PicoScale, 0, "per image");

    // Pico-credits for a millisecond are nano-credits for a second.
    private static readonly ReceiptUnit Audio = new(JsonEncodedText.Encode("pricePerAudioSecond"), ExactDecimal.NanoScale, ExactDecimal.MilliScale, "per second");
    private static readonly ReceiptUnit Characters = new(JsonEncodedText.Encode("pricePer1MCharacters"), ExactDecimal.PicoPerMillionScale, 0, "per million");
    private static readonly ReceiptUnit[] All = [Tokens, Images, Audio, Characters];

    /// <summary>The unit of a price line's item.</summary>
    public static ReceiptUnit Of(string item) => item switch
    {
        PriceLine.Image => Images,
        PriceLine.Audio => Audio,
        PriceLine.Character => Characters,
        _ => Tokens,
    };

    /// <summary>The unit that a written line uses: by its price's name, for earlier versions wrote every price per million. <c>null</c>: it has no price, or several.</summary>
    public static ReceiptUnit? In(JsonElement line)
    {
        ReceiptUnit? found = null;
        foreach (var unit in All)
        {
            if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty(unit.PriceName.EncodedUtf8Bytes, out _))
                continue;
            if (found is not null)
                return null;
            found = unit;
        }

        return found;
    }
}
