using FluentValidation;
using Gateway.Host.Catalogue;
using Gateway.Ledger;

namespace Gateway.Host.Api.Presets;

/// <summary>Which list prices a request is about, and what they are in credits.</summary>
internal sealed record PriceChoice
{
    public string? Provider { get; init; }
    public IReadOnlyList<string>? Models { get; init; }
    public RouteType? RouteType { get; init; }
    public string? Currency { get; init; }
    public decimal? CreditsPerUsd { get; init; }
    public decimal? MarkupPercent { get; init; }

    /// <summary>The presets that are meant, in the order of the request; call only on a valid choice.</summary>
    /// <exception cref="ApiRefusal">One is not known.</exception>
    public IReadOnlyList<PricePreset> Presets()
    {
        var presets = Models is null ? PricePresets.All : [.. Models.Select(static (id, i) =>
            PricePresets.Find(id) ?? throw new ApiRefusal(Problem.Invalid($"models[{i}]", "is not among the price presets: GET /api/presets/prices lists them.")))];
        return [.. presets.Where(preset => Provider is null || string.Equals(preset.Provider, Provider, StringComparison.Ordinal))];
    }

    /// <summary>The price of a preset on this route, in credits; call only on a valid choice.</summary>
    /// <exception cref="ApiRefusal">It cannot be said exactly.</exception>
    public PriceFields PriceOf(PricePreset preset) =>
        new PriceScale(CreditsPerUsd!.Value, MarkupPercent ?? 0).Apply(preset) with { RouteType = RouteType, Currency = Currency };
}

/// <summary>The limits of a choice.</summary>
internal sealed class PriceChoiceValidator : AbstractValidator<PriceChoice>
{
    private const int MostModels = 200;
    private const decimal MostCreditsPerUsd = 1_000_000m;

    /// <param name="importing">Whether models must be named: an import of everything is never meant.</param>
    public PriceChoiceValidator(bool importing)
    {
        RuleFor(c => c.Provider).Null().WithMessage("names no model: list them in models.").When(_ => importing);
        RuleFor(c => c.Provider).Must(NameShapes.ProviderName).WithMessage(NameShapes.ProviderMessage).When(c => c.Provider is not null);
        RuleFor(c => c.Models).NotEmpty().When(c => importing || c.Models is not null);
        RuleFor(c => c.Models).Must(static models => models!.Count <= MostModels).WithMessage($"may hold at most {MostModels}.")
            .Must(static models => models!.Distinct(StringComparer.Ordinal).Count() == models!.Count).WithMessage("has a model twice.")
            .When(c => c.Models is not null);
        RuleForEach(c => c.Models).NotEmpty();
        RuleFor(c => c.RouteType).NotNull();
        RuleFor(c => c.Currency).Must(NameShapes.Currency).WithMessage(NameShapes.CurrencyMessage).When(c => c.Currency is not null);
        RuleFor(c => c.CreditsPerUsd).Cascade(CascadeMode.Stop).NotNull()
            .Must(static rate => rate is > 0 and <= MostCreditsPerUsd && decimal.Round(rate.Value, 6) == rate)
            .WithMessage("must be above 0 and at most 1000000, with at most 6 decimals.");
        RuleFor(c => c.MarkupPercent).Must(static percent => percent is null or (> -100 and <= 1_000) && decimal.Round(percent ?? 0, 2) == (percent ?? 0))
            .WithMessage("must be above -100 and at most 1000, with at most 2 decimals.");
    }
}
