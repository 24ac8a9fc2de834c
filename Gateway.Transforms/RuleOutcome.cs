namespace Gateway.Transforms;

/// <summary>What a rule decides about a request: a closed family.</summary>
public abstract record RuleOutcome
{
    private RuleOutcome()
    {
    }

    /// <summary>Matched, and there is nothing to say.</summary>
    public static readonly RuleOutcome Nothing = new Proceed(Effect: null);

    /// <summary>The request goes on.</summary>
    /// <param name="Effect">A small record of what the rule did, written in camel case into <c>rules[].effect</c> of the receipt; <c>null</c>: nothing.</param>
    public sealed record Proceed(object? Effect) : RuleOutcome;

    /// <summary>The rule has the answer: no upstream is called.</summary>
    public sealed record Answer(StoredReply Reply, object? Effect) : RuleOutcome;

    /// <summary>The request is refused: a 400 with this code and this message, which says what to do.</summary>
    public sealed record Refuse(string Code, string Message) : RuleOutcome;
}

/// <summary>The effect of a rule that could not do its work on a request.</summary>
/// <param name="Skipped">Why, for example <c>no user message</c>.</param>
public sealed record SkippedEffect(string Skipped);
