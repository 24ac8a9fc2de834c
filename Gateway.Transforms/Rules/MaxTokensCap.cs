using System.ComponentModel;
using FluentValidation;

namespace Gateway.Transforms.Rules;

/// <summary>Lowers the output limit of a request: <c>max_tokens</c>, <c>max_completion_tokens</c>, <c>max_output_tokens</c>.</summary>
/// <remarks>
/// <code>{ "type": "max_tokens_cap", "name": "short answers", "tag": "chat", "config": { "maxTokens": 1024 } }</code>
/// A request without a limit gets one. Of several caps the lowest holds; a limit is never raised.
/// </remarks>
public sealed class MaxTokensCap(MaxTokensCapConfig config) : IProxyRule
{
    /// <summary>The type.</summary>
    public static readonly RuleType<MaxTokensCapConfig> Type = new(
        "max_tokens_cap", RulePhase.Body, "Lowers the output limit of a request, or sets one.", new MaxTokensCapValidator(), static (_, config, _) => new MaxTokensCap(config));

    /// <inheritdoc/>
    public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var cap = config.MaxTokens!.Value; // not null: the validator saw it
        var asked = exchange.Index.OutputLimit;
        var lowers = !(asked <= cap) && !(exchange.OutputCap <= cap);
        exchange.CapOutput(cap);
        return ValueTask.FromResult<RuleOutcome>(new RuleOutcome.Proceed(new MaxTokensCapEffect(cap, asked, lowers)));
    }
}

/// <summary>The configuration of <see cref="MaxTokensCap"/>.</summary>
public sealed record MaxTokensCapConfig
{
    /// <summary>Unit: tokens of one answer. 1 to 2,147,483,647.</summary>
    [Description("The most output tokens of one answer: 1 to 2147483647.")]
    public long? MaxTokens { get; init; }
}

/// <summary>What the receipt says.</summary>
/// <param name="MaxTokens">The cap.</param>
/// <param name="Asked">The client's own limit; <c>null</c>: it set none.</param>
/// <param name="Lowered">Whether the cap is below it.</param>
public sealed record MaxTokensCapEffect(long MaxTokens, long? Asked, bool Lowered);

/// <summary>The limits of <see cref="MaxTokensCapConfig"/>.</summary>
public sealed class MaxTokensCapValidator : AbstractValidator<MaxTokensCapConfig>
{
    /// <summary>What upstreams read as a 32-bit number.</summary>
    public MaxTokensCapValidator() =>
        RuleFor(static config => config.MaxTokens).NotNull().InclusiveBetween(1, int.MaxValue).WithMessage("must be from 1 to 2147483647.");
}
