using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Tokens;

/// <summary>Tokens of a request's prompt, whatever API it came by: what is held for its input.</summary>
public static class PromptCount
{
    /// <summary>Tokens of the prompt. Allocates nothing; never throws on a body that the index has read.</summary>
    /// <param name="index">The request.</param>
    /// <param name="body">Its bytes.</param>
    /// <param name="model">Model name, for the encoding and the price of images.</param>
    public static PromptTokens Of(RequestIndex index, ReadOnlySpan<byte> body, string model)
    {
        if (index.Kind == CallKind.Chat)
            return ChatTokens.CountPrompt(index.MessagesValue.Of(body), index.ToolsValue.Of(body), model);

        var tally = new PromptTally(TokenCounter.For(ModelEncoding.For(model).Encoding));
        try
        {
            Add(ref tally, index, body, model);
            return new PromptTokens(tally.Tokens, tally.Exact, tally.IsOpenEnded);
        }
        finally
        {
            tally.Dispose();
        }
    }

    private static void Add(ref PromptTally tally, RequestIndex index, ReadOnlySpan<byte> body, string model)
    {
        if (index.Kind == CallKind.Responses)
        {
            ResponsesTokens.Add(ref tally, index, body, model);
        }
        else if (index.Kind == CallKind.Messages)
        {
            MessagesPrompt.Add(ref tally, body, model);
        }
        else
        {
            AddPrompts(ref tally, index, (index.InputValue.IsPresent ? index.InputValue : index.PromptValue).Of(body), model);
            AddText(ref tally, index.InstructionsValue.Of(body));
        }
    }

    // Prompts that no roles and no separators are put around.
    private static void AddPrompts(ref PromptTally tally, RequestIndex index, ReadOnlySpan<byte> prompt, string model)
    {
        switch (index.PromptShape)
        {
            case PromptShapes.Text:
                AddText(ref tally, prompt);
                break;
            case PromptShapes.Tokens or PromptShapes.TokenLists:
                tally.Add(index.PromptNumbers);
                break;
            case PromptShapes.Texts or PromptShapes.Items:
                var reader = JsonWalk.Open(prompt);
                reader.Read();
                MessageTokens.AddParts(ref tally, ref reader, prompt, model);
                break;
        }
    }

    private static void AddText(ref PromptTally tally, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty)
            return;

        var reader = JsonWalk.Open(json);
        reader.Read();
        MessageTokens.AddAny(ref tally, ref reader, json);
    }
}
