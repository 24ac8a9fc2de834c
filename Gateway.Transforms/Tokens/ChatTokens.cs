using System.Text.Json;

namespace Gateway.Transforms.Tokens;

/// <summary>Tokens of a prompt. Unit: tokens.</summary>
/// <param name="Tokens">Text and overheads, without a margin.</param>
/// <param name="Exact">False where a part was estimated: text beyond a megabyte, or an image, audio or tool whose cost only the provider knows.</param>
/// <param name="IsOpenEnded">True where a part is with the provider (an earlier answer, a template, a file, what its own tools find): only the context window bounds it.</param>
public readonly record struct PromptTokens(long Tokens, bool Exact, bool IsOpenEnded = false);

/// <summary>Tokens of a chat completion request: its messages and tools, with what the provider adds around them.</summary>
/// <remarks>
/// Overheads of messages: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken. Those of tools and calls are not published; ours
/// are what tryAGI/Tiktoken measured against <c>/v1/responses/input_tokens</c>, so that a bill by usage settles the difference.
/// </remarks>
public static class ChatTokens
{
    /// <summary>Added per message. Unit: tokens.</summary>
    public const int PerMessage = 3;

    /// <summary>Added per message that has a name, besides the name itself. Unit: tokens.</summary>
    public const int PerName = 1;

    /// <summary>Added once, for the start of the reply. Unit: tokens.</summary>
    public const int ReplyPriming = 3;

    /// <summary>Margin of a reservation over the count. Unit: percent.</summary>
    public const int ReservePercent = 102;

    /// <summary>Tokens of the prompt. Allocates nothing; never throws on valid JSON, however odd.</summary>
    /// <param name="messagesJson">Value of <c>messages</c>, as it stands in the body. May be empty.</param>
    /// <param name="toolsJson">Value of <c>tools</c>, as it stands in the body. May be empty.</param>
    /// <param name="model">Model name, for the encoding and the price of images.</param>
    /// <exception cref="JsonException">A span is neither empty nor JSON.</exception>
    public static PromptTokens CountPrompt(ReadOnlySpan<byte> messagesJson, ReadOnlySpan<byte> toolsJson, string model)
    {
        var tally = new PromptTally(TokenCounter.For(ModelEncoding.For(model).Encoding));
        try
        {
            MessageTokens.Add(ref tally, messagesJson, model);
            ToolTokens.Add(ref tally, toolsJson);
            tally.Add(ReplyPriming);
            return new PromptTokens(tally.Tokens, tally.Exact);
        }
        finally
        {
            tally.Dispose();
        }
    }

    /// <summary>Prompt tokens to hold before the request is sent: ceil(1.02 * tokens * factor of the model). Unit: tokens.</summary>
    public static long Reserve(PromptTokens prompt, string model)
    {
        var scaled = (Int128)prompt.Tokens * ReservePercent * ModelEncoding.For(model).FactorPercent;
        return (long)((scaled + 9_999) / 10_000);
    }
}
