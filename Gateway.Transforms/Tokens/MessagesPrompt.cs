using System.Text.Json;

namespace Gateway.Transforms.Tokens;

/// <summary>Tokens of the prompt of an Anthropic request: system, messages and tools. Never exact: Anthropic's tokenizer is not public.</summary>
/// <remarks>To hold or to tell, put it through <see cref="ChatTokens.Reserve"/>, which knows by how much a model exceeds the count.</remarks>
public static class MessagesPrompt
{
    // What tools add to the system prompt: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing, the dearest of the current models.
    private const int ToolSystemPrompt = 346;

    // A page is 1,500 to 3,000 tokens and an image besides (https://platform.claude.com/docs/en/build-with-claude/pdf-support); 20 bytes a token is a dense one.
    private const int LeastOfDocument = 3_000;
    private const int DocumentBytesPerToken = 20;

    private const int MostDepth = 32;

    /// <summary>Tokens of the prompt. Never throws on valid JSON, however odd.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="model">Model name, for the encoding and the price of images.</param>
    /// <exception cref="JsonException">The body is no JSON.</exception>
    public static PromptTokens Count(ReadOnlySpan<byte> body, string model)
    {
        var tally = new PromptTally(TokenCounter.For(ModelEncoding.For(model).Encoding));
        try
        {
            Add(ref tally, body, model);
            return new PromptTokens(tally.Tokens, tally.Exact);
        }
        finally
        {
            tally.Dispose();
        }
    }

    /// <summary>Adds the prompt of a body to a tally, which is not exact then.</summary>
    internal static void Add(ref PromptTally tally, ReadOnlySpan<byte> body, string model)
    {
        tally.AddReserved(ChatTokens.ReplyPriming);
        var reader = JsonWalk.Open(body);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return;
        while (JsonWalk.NextProperty(ref reader))
        {
            var isSystem = reader.ValueTextEquals("system"u8);
            var isMessages = reader.ValueTextEquals("messages"u8);
            var isTools = reader.ValueTextEquals("tools"u8);
            reader.Read();
            var value = JsonWalk.Raw(ref reader, body);
            if (isSystem) AddContent(ref tally, value, model, depth: 0);
            else if (isMessages) AddMessages(ref tally, value, model);
            else if (isTools) AddTools(ref tally, value);
        }
    }

    private static void AddMessages(ref PromptTally tally, ReadOnlySpan<byte> messages, string model)
    {
        var reader = JsonWalk.Open(messages);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return;
        while (JsonWalk.NextItem(ref reader))
        {
            tally.Add(ChatTokens.PerMessage);
            AddBlock(ref tally, JsonWalk.Raw(ref reader, messages), model, depth: 0);
        }
    }

    /// <summary>A string, or an array of blocks.</summary>
    private static void AddContent(ref PromptTally tally, ReadOnlySpan<byte> content, string model, int depth)
    {
        var reader = JsonWalk.Open(content);
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            tally.AddText(JsonWalk.Text(reader));
        }
        else if (reader.TokenType == JsonTokenType.StartArray && depth < MostDepth)
        {
            while (JsonWalk.NextItem(ref reader)) AddBlock(ref tally, JsonWalk.Raw(ref reader, content), model, depth);
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            tally.AddText(content);
        }
    }

    /// <summary>A message or a block: the texts that the model reads, under whatever name.</summary>
    private static void AddBlock(ref PromptTally tally, ReadOnlySpan<byte> block, string model, int depth)
    {
        var reader = JsonWalk.Open(block);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            tally.AddText(block);
            return;
        }

        while (JsonWalk.NextProperty(ref reader))
        {
            var isContent = reader.ValueTextEquals("content"u8);
            var isSource = reader.ValueTextEquals("source"u8);
            var isText = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("name"u8) || reader.ValueTextEquals("title"u8);
            var isInput = reader.ValueTextEquals("input"u8);
            reader.Read();
            var isString = reader.TokenType == JsonTokenType.String;
            var text = isString ? JsonWalk.Text(reader) : default;
            var value = JsonWalk.Raw(ref reader, block);
            if (isContent) AddContent(ref tally, value, model, depth + 1);
            else if (isSource) AddSource(ref tally, value, model, depth + 1);
            else if (isText && isString) tally.AddText(text);
            else if (isInput) tally.AddText(value);
        }
    }

    /// <summary>An image or a PDF file, which only Anthropic can count; or a text or blocks that stand there.</summary>
    private static void AddSource(ref PromptTally tally, ReadOnlySpan<byte> source, string model, int depth)
    {
        var (isPdf, isText) = (false, false);
        ReadOnlySpan<byte> data = default;
        var reader = JsonWalk.Open(source);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return;
        while (JsonWalk.NextProperty(ref reader))
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isMediaType = reader.ValueTextEquals("media_type"u8);
            var isData = reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("content"u8);
            reader.Read();
            var isString = reader.TokenType == JsonTokenType.String;
            isText |= isType && isString && (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("content"u8));
            isPdf |= isMediaType && isString && reader.ValueTextEquals("application/pdf"u8);
            var value = JsonWalk.Raw(ref reader, source);
            if (isData) data = value;
        }

        if (isText && !data.IsEmpty) AddContent(ref tally, data, model, depth);
        else tally.AddReserved(isPdf ? LeastOfDocument + (data.Length / DocumentBytesPerToken) : ImageTokens.Reserve(model, lowDetail: false));
    }

    private static void AddTools(ref PromptTally tally, ReadOnlySpan<byte> tools)
    {
        var before = tally.Tokens;
        ToolTokens.Add(ref tally, tools);
        if (tally.Tokens > before) tally.Add(ToolSystemPrompt);
    }
}
