using FluentValidation;
using Gateway.Host.Api;
using Gateway.Ledger;

namespace Gateway.Host.Catalogue;

/// <summary>A tier of a price as REST shows it.</summary>
internal sealed record PriceTierFields
{
    public long? AboveInputTokens { get; init; }
    public decimal? InputPricePer1M { get; init; }
    public decimal? OutputPricePer1M { get; init; }
    public decimal? CachedInputPricePer1M { get; init; }
    public decimal? CacheWritePricePer1M { get; init; }
    public decimal? ReasoningPricePer1M { get; init; }
}

/// <summary>A price as REST shows it. Unit: credits, at most six decimals. <see cref="Version"/> is the gateway's to set.</summary>
internal sealed record PriceFields
{
    private const decimal PicoPerTokenOfPricePer1M = 1_000_000m;
    private const decimal PicoPerCredit = 1_000_000_000_000m;

    public RouteType? RouteType { get; init; }
    public string? Currency { get; init; }
    public decimal? InputPricePer1M { get; init; }
    public decimal? OutputPricePer1M { get; init; }
    public decimal? CachedInputPricePer1M { get; init; }
    public decimal? CacheWritePricePer1M { get; init; }
    public decimal? ReasoningPricePer1M { get; init; }
    public decimal? PricePerImage { get; init; }
    public decimal? PricePerAudioSecond { get; init; }
    public decimal? PricePerMillionCharacters { get; init; }
    public IReadOnlyList<PriceTierFields>? Tiers { get; init; }
    public DateTimeOffset? EffectiveAt { get; init; }
    public int? Version { get; init; }

    /// <summary>Gives each price without a version the next one of its route type.</summary>
    public static IReadOnlyList<PriceFields> Numbered(IReadOnlyList<PriceFields> prices)
    {
        var numbered = new List<PriceFields>(prices.Count);
        foreach (var price in prices)
        {
            var last = numbered.Where(other => other.RouteType == price.RouteType).Max(static other => other.Version) ?? 0;
            numbered.Add(price.Version is null ? price with { Version = last + 1 } : price);
        }

        return numbered;
    }

    /// <summary>The price in pico-credits: 1.4 credits per million tokens are 1,400,000 pico-credits a token.</summary>
    public ModelPrice ToModelPrice() => new(
        new Price
        {
            Version = Version ?? 1,
            Currency = Currency ?? "CREDIT",
            RouteType = RouteType!.Value,
            Base = new Rates
            {
                Input = PerToken(InputPricePer1M) ?? 0,
                Output = PerToken(OutputPricePer1M) ?? 0,
                CachedInput = PerToken(CachedInputPricePer1M),
                CacheWrite = PerToken(CacheWritePricePer1M),
                Reasoning = PerToken(ReasoningPricePer1M),
                Image = ImageRate(),
            },
            Tiers = [.. (Tiers ?? []).OrderBy(static tier => tier.AboveInputTokens).Select(RatesOf)],
        },
        EffectiveAt ?? DateTimeOffset.MinValue);

    private PriceTier RatesOf(PriceTierFields tier) => new(tier.AboveInputTokens!.Value, new Rates
    {
        Input = PerToken(tier.InputPricePer1M) ?? 0,
        Output = PerToken(tier.OutputPricePer1M) ?? 0,
        CachedInput = PerToken(tier.CachedInputPricePer1M),
        CacheWrite = PerToken(tier.CacheWritePricePer1M),
        Reasoning = PerToken(tier.ReasoningPricePer1M),
        Image = ImageRate(),
    });

    private static long? PerToken(decimal? pricePer1M) => pricePer1M is { } price ? (long)(price * PicoPerTokenOfPricePer1M) : null;

    private long? ImageRate() => PricePerImage is { } price ? (long)(price * PicoPerCredit) : null;
}

/// <summary>The limits of a price. What a call of the model's kind uses must have a price: the gateway never bills 0 because a field was left out.</summary>
internal sealed class PriceFieldsValidator : AbstractValidator<PriceFields>
{
    private const decimal MostPer1M = 1_000_000m;
    private const decimal MostPerImage = 10_000m;
    private const int MostTiers = 16;
    private const string PriceMessage = "must be from 0 to 1000000 with at most 6 decimals.";
    private const string LaterMessage = "is not part of this version.";

    public PriceFieldsValidator(ModelKind kind)
    {
        RuleFor(p => p.RouteType).NotNull();
        RuleFor(p => p.Currency).Must(NameShapes.Currency).WithMessage(NameShapes.CurrencyMessage).When(p => p.Currency is not null);
        RuleFor(p => p.InputPricePer1M).NotNull().When(p => kind != ModelKind.Image || p.PricePerImage is null);
        RuleFor(p => p.OutputPricePer1M).NotNull().When(_ => kind is ModelKind.Chat or ModelKind.Completion);
        RuleFor(p => p.InputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.OutputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.CachedInputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.CacheWritePricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.ReasoningPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.PricePerImage).Must(static price => Fits(price, MostPerImage)).WithMessage("must be from 0 to 10000 with at most 6 decimals.");
        RuleFor(p => p.PricePerAudioSecond).Null().WithMessage(LaterMessage);
        RuleFor(p => p.PricePerMillionCharacters).Null().WithMessage(LaterMessage);
        RuleFor(p => p.Tiers).Must(static tiers => tiers!.Count <= MostTiers).WithMessage($"may hold at most {MostTiers}.")
            .Must(static tiers => tiers!.DistinctBy(static tier => tier?.AboveInputTokens).Count() == tiers!.Count).WithMessage("has a bound twice.")
            .When(p => p.Tiers is not null);
        RuleForEach(p => p.Tiers).NotNull().ChildRules(static tier =>
        {
            tier.RuleFor(t => t.AboveInputTokens).NotNull().InclusiveBetween(1, 100_000_000);
            tier.RuleFor(t => t.InputPricePer1M).NotNull().Must(IsPrice).WithMessage(PriceMessage);
            tier.RuleFor(t => t.OutputPricePer1M).NotNull().Must(IsPrice).WithMessage(PriceMessage);
            tier.RuleFor(t => t.CachedInputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
            tier.RuleFor(t => t.CacheWritePricePer1M).Must(IsPrice).WithMessage(PriceMessage);
            tier.RuleFor(t => t.ReasoningPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        });
    }

    private static bool IsPrice(decimal? price) => Fits(price, MostPer1M);

    private static bool Fits(decimal? price, decimal most) =>
        price is not { } value || (value >= 0 && value <= most && decimal.Round(value, 6) == value);
}
