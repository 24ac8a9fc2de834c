namespace Gateway.Tests.EndToEnd;

/// <summary>A model for each kind of call beyond chat, on a channel of the fake provider.</summary>
internal static class EndpointModels
{
    private static readonly (string Model, string Kind, string Price)[] All =
    [
        ("completion", "completion", "\"inputPricePer1M\":1.4,\"outputPricePer1M\":2.8"),
        ("embedding", "embedding", "\"inputPricePer1M\":1.4"),
        ("image", "image", "\"pricePerImage\":0.04"),
        ("speech", "speech", "\"pricePerMillionCharacters\":15"),
        ("transcription", "transcription", "\"pricePerAudioSecond\":0.0001"),
        ("moderation", "moderation", "\"inputPricePer1M\":0"),
    ];

    /// <summary>Creates them; the environment variables that name them to a script.</summary>
    public static async Task<(string Name, string Value)[]> CreateAsync(GatewayProcess gateway, string baseUrl)
    {
        foreach (var (model, kind, price) in All)
        {
            var limit = kind == "completion" ? "\"maxOutputTokens\":4096," : "";
            await gateway.PostAsync("/api/models", $$"""{"provider":"fake","model":"{{model}}","kind":"{{kind}}",{{limit}}"prices":[{"routeType":"official",{{price}}}]}""");
            await gateway.CreateChannelAsync(baseUrl, "official", model, model);
        }

        return [.. All.Select(static row => ($"{row.Model.ToUpperInvariant()}_MODEL", $"fake/{row.Model}"))];
    }
}
