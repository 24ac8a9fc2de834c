using Gateway.Host.Catalogue;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>The most that a call can use: what is held for it, and what a quote says.</summary>
/// <param name="Most">All of it.</param>
/// <param name="Least">The fewest completion tokens of one choice that are worth admitting.</param>
internal readonly record struct CallBound(UsageBound Most, long Least)
{
    // The least that is worth admitting for a caller who set no limit of his own.
    private const int LeastOutputTokens = 256;

    // A prompt of which the upstream holds a part may fill the whole context; a model that does not say how long that is gets the longest there is.
    private const int LongestContext = 2_000_000;

    /// <summary>Prompt tokens, with the reserve.</summary>
    public long Input => Most.InputTokens;

    /// <summary>Completion tokens of one choice: the caller's limit, or the model's.</summary>
    public long Output => Most.OutputTokens;

    /// <summary>How many choices are asked for.</summary>
    public int Choices => Most.Choices;

    /// <summary>All tokens: what counts against the key's tokens a minute.</summary>
    public long Tokens => Input + Output * Choices;

    /// <summary>The bound of a call that goes to this model.</summary>
    public static CallBound Of(ModelCall call, Model model) => Of(call.Body.Index, call.Prompt, call.Measures, model, call.Exchange.OutputCap);

    /// <summary>The bound of a body.</summary>
    /// <param name="index">The body.</param>
    /// <param name="prompt">Its prompt, counted.</param>
    /// <param name="measures">What it asks for beside tokens.</param>
    /// <param name="model">The model that it goes to.</param>
    /// <param name="cap">The most output that rules allow; <c>null</c>: any.</param>
    public static CallBound Of(RequestIndex index, PromptTokens prompt, in CallMeasures measures, Model model, long? cap)
    {
        var asked = index.OutputLimit;
        var output = index.Kind.HasOutputTokens ? Math.Min(Math.Min(asked ?? long.MaxValue, cap ?? long.MaxValue), model.MaxOutputTokens) : 0;

        // Only who can be given less than the most may be admitted with less.
        var least = asked is null && index.HasOutputLimit ? Math.Min(LeastOutputTokens, output) : output;
        var input = prompt.IsOpenEnded ? model.ContextWindow ?? LongestContext : ChatTokens.Reserve(prompt, model.Name);
        return new CallBound(new UsageBound(input, output, index.Choices, measures.Images, measures.AudioMilliseconds, measures.Characters), least);
    }

    /// <summary>The most that the call can cost.</summary>
    public Credits MaxCost(Price price) => price.MaxCost(Most);

    /// <summary>The least that is worth holding.</summary>
    public Credits LeastCost(Price price) => price.MaxCost(Most with { OutputTokens = Least });

    /// <summary>How many completion tokens of one choice the amount affords.</summary>
    public long Affordable(Price price, Credits amount) => price.AffordableOutputTokens(amount, Most);
}
