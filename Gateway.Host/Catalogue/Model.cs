using Gateway.Ledger;

namespace Gateway.Host.Catalogue;

/// <summary>What a model makes.</summary>
internal enum ModelKind
{
    /// <summary>Chat completions.</summary>
    Chat,

    /// <summary>Text completions.</summary>
    Completion,

    /// <summary>Embeddings.</summary>
    Embedding,

    /// <summary>Images.</summary>
    Image,

    /// <summary>Speech from text.</summary>
    Speech,

    /// <summary>Text from speech.</summary>
    Transcription,

    /// <summary>Moderation.</summary>
    Moderation,
}

/// <summary>A price and the moment from which it is in force.</summary>
/// <param name="Price">The price.</param>
/// <param name="EffectiveAt">When it begins.</param>
internal sealed record ModelPrice(Price Price, DateTimeOffset EffectiveAt);

/// <summary>What a client asks for.</summary>
internal sealed record Model
{
    /// <summary><c>provider/model</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The id of the resource in REST, <c>mdl_…</c>.</summary>
    public required string ResourceId { get; init; }

    /// <summary>The provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The bare name.</summary>
    public required string Name { get; init; }

    /// <summary>What it makes.</summary>
    public required ModelKind Kind { get; init; }

    /// <summary>Prompt plus completion. Unit: tokens; <c>null</c>: not known.</summary>
    public int? ContextWindow { get; init; }

    /// <summary>The most output of one choice. Unit: tokens; 0 for kinds without.</summary>
    public required int MaxOutputTokens { get; init; }

    /// <summary>Every version of every price.</summary>
    public required IReadOnlyList<ModelPrice> Prices { get; init; }

    /// <summary>The only tenant that sees it; <c>null</c>: all.</summary>
    public string? Workspace { get; init; }

    /// <summary>Where it was declared.</summary>
    public Source Source { get; init; }

    /// <summary>The fields as they were declared.</summary>
    public ModelFields? Declared { get; init; }

    /// <summary>When it was declared.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The price in force: the one that began last, of those the newest version; <c>null</c>: this route type is not served.</summary>
    public Price? PriceAt(RouteType routeType, DateTimeOffset now)
    {
        ModelPrice? best = null;
        foreach (var price in Prices)
        {
            if (price.Price.RouteType != routeType || price.EffectiveAt > now)
                continue;
            if (best is null || price.EffectiveAt > best.EffectiveAt
                || (price.EffectiveAt == best.EffectiveAt && price.Price.Version > best.Price.Version))
            {
                best = price;
            }
        }

        return best?.Price;
    }
}
