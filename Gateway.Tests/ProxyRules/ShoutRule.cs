using System.ComponentModel;
using FluentValidation;
using Gateway.Transforms;

namespace Gateway.Tests.ProxyRules;

/// <summary>A made-up rule type: all that one takes is a file like this, and its <see cref="Type"/> in the list.</summary>
public sealed class ShoutRule(ShoutConfig config) : IProxyRule
{
    public static readonly RuleType<ShoutConfig> Type = new("shout", RulePhase.Body, "Says a word on the receipt.", new ShoutValidator(), static (_, config, _) => new ShoutRule(config));

    public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken) => ValueTask.FromResult<RuleOutcome>(
        config.Word == "no" ? new RuleOutcome.Refuse("shouted_at", "Do not shout.") : new RuleOutcome.Proceed(new ShoutEffect(config.Word!.ToUpperInvariant())));
}

public sealed record ShoutConfig
{
    [Description("The word.")]
    public string? Word { get; init; }
}

public sealed record ShoutEffect(string Shouted);

public sealed class ShoutValidator : AbstractValidator<ShoutConfig>
{
    public ShoutValidator() => RuleFor(static config => config.Word).NotEmpty().MaximumLength(10);
}
