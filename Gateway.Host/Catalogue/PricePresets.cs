using System.Collections.Frozen;
using System.Text.Json;
using Gateway.Host.Api;

namespace Gateway.Host.Catalogue;

/// <summary>What a provider's public list asks for a model. Never applied without being asked.</summary>
internal sealed record PricePreset
{
    /// <summary>The provider, as in a model's id.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's own name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>What it makes.</summary>
    public required ModelKind Kind { get; init; }

    /// <summary>Prompt plus completion. Unit: tokens; <c>null</c>: the page does not say.</summary>
    public int? ContextWindow { get; init; }

    /// <summary>The most output. Unit: tokens; <c>null</c> for kinds without.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>The price, without route type and currency. Unit: US dollars.</summary>
    public required PriceFields Price { get; init; }

    /// <summary>The page that says so.</summary>
    public required string Source { get; init; }

    /// <summary>The day on which the page, or a copy of it, was read: it may say otherwise since.</summary>
    public required DateOnly AsOf { get; init; }

    /// <summary><c>provider/model</c>.</summary>
    public string Id() => $"{Provider}/{Model}";
}

/// <summary>The public list prices that the gateway brings along: <c>price-presets.json</c>, read once.</summary>
internal static class PricePresets
{
    private const string File = "Catalogue/price-presets.json";

    private static readonly FrozenDictionary<string, PricePreset> ById;

    static PricePresets()
    {
        using var stream = typeof(PricePresets).Assembly.GetManifestResourceStream(File) ?? throw new InvalidOperationException($"No embedded file {File}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        Bytes = copy.ToArray();
        All = (JsonSerializer.Deserialize<PriceList>(Bytes.Span, ApiJson.Options) ?? throw new JsonException($"{File} is null.")).Models;
        ById = All.ToFrozenDictionary(static preset => preset.Id(), StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public static ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Every price, in the order of the file.</summary>
    public static IReadOnlyList<PricePreset> All { get; }

    /// <summary>The preset of <c>provider/model</c>; <c>null</c>: there is none.</summary>
    public static PricePreset? Find(string id) => ById.GetValueOrDefault(id);

    private sealed record PriceList(string Currency, IReadOnlyList<PricePreset> Models);
}
