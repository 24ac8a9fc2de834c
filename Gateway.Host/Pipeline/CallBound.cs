using Gateway.Host.Catalogue;
using Gateway.Ledger;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>The most tokens that a call can use: what is held for it, and what a quote says.</summary>
/// <param name="Input">Prompt tokens, with the reserve.</param>
/// <param name="Output">Completion tokens of one choice: the caller's limit, or the model's.</param>
/// <param name="Least">The fewest completion tokens of one choice that are worth admitting.</param>
/// <param name="Choices">How many choices are asked for.</param>
internal readonly record struct CallBound(long Input, long Output, long Least, int Choices)
{
    // The least that is worth admitting for a caller who set no limit of his own.
    private const int LeastOutputTokens = 256;

    /// <summary>All tokens: what counts against the key's tokens a minute.</summary>
    public long Tokens => Input + Output * Choices;

    /// <summary>The bound of a call that goes to this model.</summary>
    public static CallBound Of(ModelCall call, Model model) => Of(call.Body.Index, call.Prompt, model, call.Exchange.OutputCap);

    /// <summary>The bound of a body.</summary>
    /// <param name="index">The body.</param>
    /// <param name="prompt">Its prompt, counted.</param>
    /// <param name="model">The model that it goes to.</param>
    /// <param name="cap">The most output that rules allow; <c>null</c>: any.</param>
    public static CallBound Of(RequestIndex index, PromptTokens prompt, Model model, long? cap)
    {
        long? asked = index.MaxTokens is null && index.MaxCompletionTokens is null ? null : Math.Max(index.MaxTokens ?? 0, index.MaxCompletionTokens ?? 0);
        var output = Math.Min(Math.Min(asked ?? long.MaxValue, cap ?? long.MaxValue), model.MaxOutputTokens);
        return new CallBound(ChatTokens.Reserve(prompt, model.Name), output, asked is null ? Math.Min(LeastOutputTokens, output) : output, index.N);
    }

    /// <summary>The most that the call can cost.</summary>
    public Credits MaxCost(Price price) => price.MaxCost(Input, Output, Choices);

    /// <summary>The least that is worth holding.</summary>
    public Credits LeastCost(Price price) => price.MaxCost(Input, Least, Choices);

    /// <summary>How many completion tokens of one choice the amount affords.</summary>
    public long Affordable(Price price, Credits amount) => price.AffordableOutputTokens(amount, Input, Choices);
}
