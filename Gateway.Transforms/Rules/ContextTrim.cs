using System.ComponentModel;
using FluentValidation;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Trimming;

namespace Gateway.Transforms.Rules;

/// <summary>Drops the oldest messages of a long conversation.</summary>
/// <remarks>
/// <code>{ "type": "context_trim", "name": "short memory", "tag": "chat", "config": { "maxMessages": 40 } }</code>
/// System and developer messages stay, in place and uncounted. A tool call and its results stay or go together, and what is left starts with a message of the user. The cut moves
/// in steps of <c>maxMessages / 4</c>, so that the provider's prompt cache is lost once a step and not in every turn. The user's last message and what follows it are pinned; where they
/// alone are more than <c>maxMessages</c>, the oldest tool calls among them go, and what is still too much is sent with <c>overLimit</c> in the effect. No summary is put in.
/// </remarks>
public sealed class ContextTrim(ContextTrimConfig config) : IProxyRule
{
    /// <summary>The most that can be asked for.</summary>
    public const int MaxMaxMessages = 10_000;

    /// <summary>The type.</summary>
    public static readonly RuleType<ContextTrimConfig> Type = new(
        "context_trim", RulePhase.Body, "Drops the oldest messages of a long conversation.", new ContextTrimValidator(), static (_, config, _) => new ContextTrim(config));

    /// <inheritdoc/>
    public bool AppliesTo(CallKind kind) => kind == CallKind.Chat || kind == CallKind.Responses;

    /// <inheritdoc/>
    public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var maxMessages = config.MaxMessages!.Value; // not null: the validator saw it
        return ValueTask.FromResult(exchange.Index.ElementCount <= maxMessages || exchange.Index.PromptShape is not PromptShapes.Items ? RuleOutcome.Nothing : Trim(exchange, maxMessages));
    }

    private static ByteRange PromptOf(RequestIndex index) => index.Kind == CallKind.Chat ? index.MessagesValue : index.InputValue;

    private static RuleOutcome Trim(Exchange exchange, int maxMessages)
    {
        var splice = new BodySplice();
        var outcome = MessageTrim.Trim(exchange.Body.Span, PromptOf(exchange.Index), exchange.Kind == CallKind.Chat ? MessageFormat.Chat : MessageFormat.Responses, maxMessages, splice);
        if (outcome is { Dropped: 0, IsOverLimit: false, Skipped: null })
            return RuleOutcome.Nothing;

        return new RuleOutcome.Proceed(exchange.Rewrite(splice)
            ? ContextTrimEffect.Of(maxMessages, outcome)
            : new SkippedEffect("the trimmed body is no request"));
    }
}

/// <summary>The configuration of <see cref="ContextTrim"/>.</summary>
public sealed record ContextTrimConfig
{
    /// <summary>Unit: messages, those of system and developer not counted. 1 to 10,000.</summary>
    [Description("The most messages that are sent, system and developer messages not counted: 1 to 10000.")]
    public int? MaxMessages { get; init; }
}

/// <summary>What the receipt says. Unit: messages, those of system and developer not counted.</summary>
/// <param name="MaxMessages">The limit.</param>
/// <param name="Dropped">Messages that were dropped, orphans included.</param>
/// <param name="Kept">Messages that were sent.</param>
/// <param name="OverLimit">True if more than the limit were sent, because what is pinned is more; <c>null</c>: no.</param>
/// <param name="Orphans">Of the dropped, tool results and calls whose other half went or never came; <c>null</c>: none.</param>
/// <param name="Skipped">Why the conversation was left as it is; <c>null</c>: it was not, and only then the counts say anything.</param>
public sealed record ContextTrimEffect(int MaxMessages, int? Dropped, int? Kept, bool? OverLimit, int? Orphans, string? Skipped)
{
    internal static ContextTrimEffect Of(int maxMessages, in TrimOutcome outcome) => outcome.Skipped is { } reason
        ? new ContextTrimEffect(maxMessages, Dropped: null, Kept: null, OverLimit: null, Orphans: null, reason)
        : new ContextTrimEffect(maxMessages, outcome.Dropped, outcome.Kept, outcome.IsOverLimit ? true : null, outcome.Orphans > 0 ? outcome.Orphans : null, Skipped: null);
}

/// <summary>The limits of <see cref="ContextTrimConfig"/>.</summary>
public sealed class ContextTrimValidator : AbstractValidator<ContextTrimConfig>
{
    /// <summary>At least one message, and no more than any request has.</summary>
    public ContextTrimValidator() =>
        RuleFor(static config => config.MaxMessages).NotNull().InclusiveBetween(1, ContextTrim.MaxMaxMessages).WithMessage("must be from 1 to 10000.");
}
