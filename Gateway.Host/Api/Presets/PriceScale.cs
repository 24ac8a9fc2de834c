using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;

namespace Gateway.Host.Api.Presets;

/// <summary>Turns list prices in dollars into prices in credits, exactly or not at all.</summary>
/// <param name="creditsPerUsd">What a dollar is worth. Unit: credits.</param>
/// <param name="markupPercent">What is added; negative: taken off. Unit: percent.</param>
internal sealed class PriceScale(decimal creditsPerUsd, decimal markupPercent)
{
    private const int MostDecimals = 6;

    private readonly decimal _factor = creditsPerUsd * (100 + markupPercent) / 100;

    /// <summary>The price in credits.</summary>
    /// <exception cref="ApiRefusal">A price would have more than six decimals.</exception>
    public PriceFields Apply(PricePreset preset)
    {
        // By name, so that a price line that is added to the fields is never passed on in dollars.
        var price = (JsonObject)JsonSerializer.SerializeToNode(preset.Price, ApiJson.Options)!; // not null: the price is not
        Scale(price, preset.Id());
        foreach (var tier in price["tiers"]?.AsArray() ?? [])
            Scale((JsonObject)tier!, preset.Id()); // not null: a test reads every tier
        return price.Deserialize<PriceFields>(ApiJson.Options)!; // not null: it is an object
    }

    private void Scale(JsonObject fields, string id)
    {
        foreach (var (name, value) in fields.ToArray())
        {
            if (!name.Contains("price", StringComparison.OrdinalIgnoreCase) || value is null)
                continue;
            var scaled = value.Deserialize<decimal>(ApiJson.Options) * _factor;
            if (decimal.Round(scaled, MostDecimals) != scaled)
                throw new ApiRefusal(Problem.Invalid("creditsPerUsd", $"makes {name} of {id} {scaled}: a price has at most {MostDecimals} decimals. Choose a rounder rate or markup."));
            fields[name] = JsonSerializer.SerializeToNode(scaled, ApiJson.Options);
        }
    }
}
