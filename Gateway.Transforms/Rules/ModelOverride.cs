using System.ComponentModel;
using FluentValidation;

namespace Gateway.Transforms.Rules;

/// <summary>Swaps one model for another.</summary>
/// <remarks>
/// <code>{ "type": "model_override", "name": "cheaper drafts", "tag": "drafts", "config": { "fromModel": "openai/gpt-5", "toModel": "deepseek/deepseek-chat" } }</code>
/// A <c>fromModel</c> with a provider matches that provider's model however the client wrote it, if its name alone says which one that is; one without matches
/// the name with any provider. Each rule runs once, in its turn, so overrides may follow one another.
/// </remarks>
public sealed class ModelOverride(ModelOverrideConfig config) : IProxyRule
{
    /// <summary>The type.</summary>
    public static readonly RuleType<ModelOverrideConfig> Type = new(
        "model_override", RulePhase.Model, "Swaps one model for another.", new ModelOverrideValidator(), static (_, config, _) => new ModelOverride(config))
    {
        ModelsOf = static config => [new NamedModel("toModel", Provider: null, config.ToModel!)], // not null, here and below: the validator saw them
        SwapOf = static config => new ModelSwap(config.FromModel!, config.ToModel!),
    };

    /// <inheritdoc/>
    public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        if (!Matches(exchange))
            return ValueTask.FromResult(RuleOutcome.Nothing);

        var from = exchange.Provider is { } provider ? $"{provider}/{exchange.Model}" : exchange.Model;
        exchange.Model = config.ToModel!; // not null: the validator saw it
        exchange.Provider = null;
        return ValueTask.FromResult<RuleOutcome>(new RuleOutcome.Proceed(new ModelOverrideEffect(from, exchange.Model)));
    }

    private bool Matches(Exchange exchange)
    {
        var from = config.FromModel!; // not null: the validator saw it
        if (exchange.Provider is null && string.Equals(exchange.Model, from, StringComparison.Ordinal))
            return true;

        var id = exchange.Identify(exchange.Model, exchange.Provider);
        return id is not null && (string.Equals(id, from, StringComparison.Ordinal) || id.AsSpan(id.IndexOf('/', StringComparison.Ordinal) + 1).SequenceEqual(from));
    }
}

/// <summary>The configuration of <see cref="ModelOverride"/>.</summary>
public sealed record ModelOverrideConfig
{
    /// <summary>What is asked for. 1 to 256 characters.</summary>
    [Description("The model that is asked for: provider/model, or the bare name for any provider.")]
    public string? FromModel { get; init; }

    /// <summary>What is called instead. 1 to 256 characters; not <see cref="FromModel"/>.</summary>
    [Description("The model that is called instead: provider/model, or a bare name.")]
    public string? ToModel { get; init; }
}

/// <summary>What the receipt says.</summary>
public sealed record ModelOverrideEffect(string From, string To);

/// <summary>The limits of <see cref="ModelOverrideConfig"/>.</summary>
public sealed class ModelOverrideValidator : AbstractValidator<ModelOverrideConfig>
{
    /// <summary>Both are names, and they differ.</summary>
    public ModelOverrideValidator()
    {
        RuleFor(static config => config.FromModel).Must(ModelNames.IsName).WithMessage(ModelNames.Message);
        RuleFor(static config => config.ToModel).Must(ModelNames.IsName).WithMessage(ModelNames.Message);
        RuleFor(static config => config.ToModel).NotEqual(static config => config.FromModel).WithMessage("must be another model than fromModel.");
    }
}
