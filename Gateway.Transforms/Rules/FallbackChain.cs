using System.ComponentModel;
using FluentValidation;

namespace Gateway.Transforms.Rules;

/// <summary>Says which models may answer when the requested one fails before its first byte.</summary>
/// <remarks>
/// <code>{ "type": "fallback_chain", "name": "never down", "config": { "candidates": [{ "provider": "deepseek", "model": "deepseek-chat" }], "onStatus": [429, 500, 503], "onTimeoutMs": 8000, "maxAttempts": 3 } }</code>
/// The requested model comes first, and <c>maxAttempts</c> counts it. A candidate that the key may not use, or that the balance does not cover, is skipped. Of several chains
/// that match, the first holds. Each attempt is on the receipt, and only the one that answered is charged, at its own price.
/// </remarks>
public sealed class FallbackChain(FallbackPlan plan) : IProxyRule
{
    /// <summary>The most candidates.</summary>
    public const int MaxCandidates = 8;

    /// <summary>The type.</summary>
    public static readonly RuleType<FallbackChainConfig> Type = new(
        "fallback_chain", RulePhase.Attempts, "Tries other models when the requested one fails.", new FallbackChainValidator(), static (_, config, _) => Compile(config))
    {
        ModelsOf = static config => config.Candidates!.Select(static (candidate, i) => new NamedModel($"candidates[{i}].model", candidate.Provider, candidate.Model!)), // not null: the validator saw them
    };

    /// <inheritdoc/>
    public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Fallback is not null)
            return ValueTask.FromResult<RuleOutcome>(new RuleOutcome.Proceed(new SkippedEffect("another chain came first")));

        var effect = new FallbackChainEffect([.. plan.Candidates.Select(static candidate => $"{candidate.Provider}/{candidate.Model}")], plan.MaxAttempts);
        exchange.Fallback = plan;
        exchange.Keep(effect);
        return ValueTask.FromResult<RuleOutcome>(new RuleOutcome.Proceed(effect));
    }

    private static FallbackChain Compile(FallbackChainConfig config) => new(new FallbackPlan(
        [.. config.Candidates!.Select(static candidate => new FallbackModel(candidate.Provider!, candidate.Model!))], // not null, here and below: the validator saw them
        config.OnStatus,
        config.OnTimeoutMs is { } wait ? TimeSpan.FromMilliseconds(wait) : null,
        config.MaxAttempts ?? MaxCandidates + 1));
}

/// <summary>The configuration of <see cref="FallbackChain"/>.</summary>
public sealed record FallbackChainConfig
{
    /// <summary>1 to 8, in the order in which they are tried.</summary>
    [Description("1 to 8 models, in the order in which they are tried after the requested one.")]
    public IReadOnlyList<FallbackCandidate>? Candidates { get; init; }

    /// <summary>Upstream statuses, 400 to 599; by default every failure that the gateway itself would answer with 429 or 5xx. A connection that fails or is too slow always counts.</summary>
    [Description("The upstream statuses that are followed by another candidate, 400 to 599; by default all that are not the client's own mistake. A failed connection always is.")]
    public IReadOnlyList<int>? OnStatus { get; init; }

    /// <summary>Time to the first byte. Unit: milliseconds, 50 to 600,000; by default the channel's own.</summary>
    [Description("The longest wait for the first byte while a candidate is left, in milliseconds: 50 to 600000; by default the channel's own.")]
    public int? OnTimeoutMs { get; init; }

    /// <summary>1 to 9, the requested model included; by default all.</summary>
    [Description("The most attempts, the requested model's included: 1 to 9; by default all.")]
    public int? MaxAttempts { get; init; }
}

/// <summary>One candidate in the configuration.</summary>
public sealed record FallbackCandidate
{
    /// <summary>For example <c>deepseek</c>.</summary>
    public string? Provider { get; init; }

    /// <summary>The bare name.</summary>
    public string? Model { get; init; }
}

/// <summary>What the receipt says.</summary>
/// <param name="Candidates">In the order of the rule.</param>
/// <param name="MaxAttempts">Over all.</param>
public sealed record FallbackChainEffect(IReadOnlyList<string> Candidates, int MaxAttempts)
{
    /// <summary>The candidates that were not tried though their turn came, each with the reason.</summary>
    public List<string>? Skipped { get; private set; }

    /// <summary>Notes a candidate that is not tried.</summary>
    public void Skip(FallbackModel candidate, string reason) => (Skipped ??= []).Add($"{candidate.Provider}/{candidate.Model}: {reason}");
}

/// <summary>The limits of <see cref="FallbackChainConfig"/>.</summary>
public sealed class FallbackChainValidator : AbstractValidator<FallbackChainConfig>
{
    /// <summary>See the fields.</summary>
    public FallbackChainValidator()
    {
        RuleFor(static config => config.Candidates).NotEmpty().WithMessage("must have 1 to 8 models.");
        RuleFor(static config => config.Candidates!.Count).LessThanOrEqualTo(FallbackChain.MaxCandidates).OverridePropertyName("candidates")
            .WithMessage("must have 1 to 8 models.").When(static config => config.Candidates is not null);
        RuleForEach(static config => config.Candidates).NotNull().ChildRules(static candidate =>
        {
            candidate.RuleFor(static fields => fields.Provider).Must(ModelNames.IsName).WithMessage(ModelNames.Message);
            candidate.RuleFor(static fields => fields.Model).Must(ModelNames.IsName).WithMessage(ModelNames.Message);
        });
        RuleForEach(static config => config.OnStatus).InclusiveBetween(400, 599).WithMessage("must be from 400 to 599.");
        RuleFor(static config => config.OnStatus!.Count).InclusiveBetween(1, 32).OverridePropertyName("onStatus")
            .WithMessage("must have 1 to 32 statuses.").When(static config => config.OnStatus is not null);
        RuleFor(static config => config.OnTimeoutMs).InclusiveBetween(50, 600_000).WithMessage("must be from 50 to 600000.");
        RuleFor(static config => config.MaxAttempts).InclusiveBetween(1, FallbackChain.MaxCandidates + 1).WithMessage("must be from 1 to 9.");
    }
}
