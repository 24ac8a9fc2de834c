namespace Gateway.Transforms.Tokens;

/// <summary>What to reserve for an image whose size is not known: the most that a model's family charges.</summary>
/// <remarks>
/// OpenAI, https://platform.openai.com/docs/guides/images-vision: base + tile * ceil(w/512) * ceil(h/512) after the fit into 2048 x 2048 and a short
/// side of 768, so at most 2 x 4 tiles; the small models of 4.1, 5 and o4 charge at most 1,536 patches of 32 x 32 times a factor.
/// Claude: width * height / 750, capped near 1,600, and near 4,000 for newer ones. Gemini: 258 per tile of 768 x 768, near 1,090 flat for newer ones.
/// </remarks>
internal static class ImageTokens
{
    private const int MostTiles = 8;

    // The first match wins. Low is what "detail": "low" costs.
    private static readonly (string Prefix, int Low, int High)[] Families =
    [
        ("gpt-4o-mini", 2_833, 2_833 + (5_667 * MostTiles)),
        ("gpt-4.1-mini", 2_489, 2_489),
        ("gpt-4.1-nano", 3_779, 3_779),
        ("gpt-5-mini", 2_489, 2_489),
        ("gpt-5-nano", 3_779, 3_779),
        ("gpt-5", 70, 70 + (140 * MostTiles)),
        ("o4-mini", 2_642, 2_642),
        ("o1", 75, 75 + (150 * MostTiles)),
        ("o3", 75, 75 + (150 * MostTiles)),
        ("claude", 4_000, 4_000),
        ("gemini", 258 * MostTiles, 258 * MostTiles),
        ("", 85, 85 + (170 * MostTiles)),
    ];

    /// <summary>Tokens to reserve. Unit: tokens.</summary>
    public static int Reserve(string model, bool lowDetail)
    {
        var name = ModelEncoding.Family(model);
        foreach (var (prefix, low, high) in Families)
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return lowDetail ? low : high;
        return 85 + (170 * MostTiles);
    }
}
