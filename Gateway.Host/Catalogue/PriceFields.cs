using System.Linq.Expressions;
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
    private const decimal PicoPerMillisecondOfPricePerSecond = PicoPerCredit / 1000;
    private const decimal PicoPerCharacterOfPricePerMillion = PicoPerCredit / 1_000_000;

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
                AudioMillisecond = AudioRate(),
                Character = CharacterRate(),
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
        AudioMillisecond = AudioRate(),
        Character = CharacterRate(),
    });

    private static long? PerToken(decimal? pricePer1M) => pricePer1M is { } price ? (long)(price * PicoPerTokenOfPricePer1M) : null;

    private long? ImageRate() => PricePerImage is { } price ? (long)(price * PicoPerCredit) : null;

    private long? AudioRate() => PricePerAudioSecond is { } price ? (long)(price * PicoPerMillisecondOfPricePerSecond) : null;

    private long? CharacterRate() => PricePerMillionCharacters is { } price ? (long)(price * PicoPerCharacterOfPricePerMillion) : null;
}

/// <summary>The limits of a price. What a call of the model's kind uses must have a price, and what it cannot use may not: the gateway never bills 0 because a field was left out, and takes no field that does nothing.</summary>
internal sealed class PriceFieldsValidator : AbstractValidator<PriceFields>
{
    private const decimal MostPer1M = 1_000_000m;
    private const decimal MostPerImage = 10_000m;
    private const int MostTiers = 16;
    private const string PriceMessage = "must be from 0 to 1000000 with at most 6 decimals.";
    private const string InputMessage = "is required beside outputPricePer1M; 0 makes the prompt free.";
    private const string MadeSoundMessage = "is never charged for speech: nothing measures the sound that is made. Use pricePerMillionCharacters.";

    public PriceFieldsValidator(ModelKind kind)
    {
        RuleFor(p => p.RouteType).NotNull();
        RuleFor(p => p.Currency).Must(NameShapes.Currency).WithMessage(NameShapes.CurrencyMessage).When(p => p.Currency is not null);
        RequirePrices(kind);
        RefuseUnused(kind);
        RuleFor(p => p.InputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.OutputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.CachedInputPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.CacheWritePricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.ReasoningPricePer1M).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.PricePerImage).Must(static price => Fits(price, MostPerImage)).WithMessage("must be from 0 to 10000 with at most 6 decimals.");
        RuleFor(p => p.PricePerAudioSecond).Must(IsPrice).WithMessage(PriceMessage);
        RuleFor(p => p.PricePerMillionCharacters).Must(IsPrice).WithMessage(PriceMessage);
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

    // What a call of the kind uses: tokens, or the unit that stands for them.
    private void RequirePrices(ModelKind kind)
    {
        switch (kind)
        {
            case ModelKind.Embedding or ModelKind.Moderation:
                RuleFor(p => p.InputPricePer1M).NotNull();
                break;
            case ModelKind.Image:
                RequireEither(p => p.PricePerImage);
                break;
            case ModelKind.Speech:
                RequireEither(p => p.PricePerMillionCharacters);
                break;
            case ModelKind.Transcription:
                RequireEither(p => p.PricePerAudioSecond);
                break;
            default:
                RuleFor(p => p.InputPricePer1M).NotNull();
                RuleFor(p => p.OutputPricePer1M).NotNull();
                break;
        }
    }

    private void RequireEither(Expression<Func<PriceFields, decimal?>> unit)
    {
        RuleFor(unit).NotNull().WithMessage("is required, or inputPricePer1M and outputPricePer1M.").When(static p => p.OutputPricePer1M is null);
        RuleFor(p => p.InputPricePer1M).NotNull().WithMessage(InputMessage).When(static p => p.OutputPricePer1M is not null);
    }

    private void RefuseUnused(ModelKind kind)
    {
        var isText = kind is ModelKind.Chat or ModelKind.Completion;
        if (kind is ModelKind.Embedding or ModelKind.Moderation)
            Refuse(p => p.OutputPricePer1M, kind);
        if (!isText && kind is not ModelKind.Image)
            Refuse(p => p.CachedInputPricePer1M, kind);
        if (!isText)
        {
            Refuse(p => p.CacheWritePricePer1M, kind);
            Refuse(p => p.ReasoningPricePer1M, kind);
            Refuse(p => p.Tiers, kind);
        }

        if (kind is not ModelKind.Image)
            Refuse(p => p.PricePerImage, kind);
        if (kind is not ModelKind.Speech)
            Refuse(p => p.PricePerMillionCharacters, kind);
        if (kind is ModelKind.Speech)
            RuleFor(p => p.PricePerAudioSecond).Null().WithMessage(MadeSoundMessage);
        else if (kind is not ModelKind.Transcription)
            Refuse(p => p.PricePerAudioSecond, kind);
    }

    private void Refuse<T>(Expression<Func<PriceFields, T>> field, ModelKind kind) =>
        RuleFor(field).Null().WithMessage($"is never charged for a model of kind {kind.ToString().ToLowerInvariant()}.");

    private static bool IsPrice(decimal? price) => Fits(price, MostPer1M);

    private static bool Fits(decimal? price, decimal most) =>
        price is not { } value || (value >= 0 && value <= most && decimal.Round(value, 6) == value);
}
