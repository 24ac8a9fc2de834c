using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Tokens;

/// <summary>Tokens of the prompt of a responses request: instructions, items and tools.</summary>
/// <remarks>Items: https://platform.openai.com/docs/api-reference/responses/create. Overheads are those of chat, as the same models read both.</remarks>
internal static class ResponsesTokens
{
    private const int PerRole = 1;

    // Base64 of what the model once wrote: nobody but the provider can read it, and a token is at least one of its bytes.
    private const int OpaqueBase64PerToken = 4;

    public static void Add(ref PromptTally tally, RequestIndex index, ReadOnlySpan<byte> body, string model)
    {
        if (index.HasHiddenPrompt)
            tally.AddHidden();
        AddMessageText(ref tally, index.InstructionsValue.Of(body));
        if (index.PromptShape is PromptShapes.Text)
            AddMessageText(ref tally, index.InputValue.Of(body));
        else if (index.PromptShape is PromptShapes.Items)
            AddItems(ref tally, index.InputValue.Of(body), model);
        AddTools(ref tally, index.ToolsValue.Of(body));
        tally.Add(ChatTokens.ReplyPriming);
    }

    private static void AddMessageText(ref PromptTally tally, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return;
        var reader = JsonWalk.Open(json);
        reader.Read();
        tally.Add(ChatTokens.PerMessage + PerRole);
        MessageTokens.AddAny(ref tally, ref reader, json);
    }

    private static void AddItems(ref PromptTally tally, ReadOnlySpan<byte> items, string model)
    {
        var reader = JsonWalk.Open(items);
        reader.Read();
        while (JsonWalk.NextItem(ref reader))
        {
            tally.Add(ChatTokens.PerMessage);
            AddItem(ref tally, JsonWalk.Raw(ref reader, items), model);
        }
    }

    private static void AddItem(ref PromptTally tally, ReadOnlySpan<byte> item, string model)
    {
        var hasBody = false;
        var reader = JsonWalk.Open(item);
        reader.Read();
        while (JsonWalk.NextProperty(ref reader))
        {
            var isFrame = reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("call_id"u8) || reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("status"u8);
            var isContent = reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("output"u8) || reader.ValueTextEquals("summary"u8);
            var isOpaque = reader.ValueTextEquals("encrypted_content"u8);
            var isImage = reader.ValueTextEquals("result"u8);
            reader.Read();
            hasBody |= !isFrame;
            if (isFrame) reader.Skip();
            else if (isContent) AddContent(ref tally, ref reader, item, model);
            else if (isOpaque) tally.AddReserved(1 + (JsonWalk.Raw(ref reader, item).Length / OpaqueBase64PerToken));
            else if (isImage && reader.TokenType == JsonTokenType.String) AddImage(ref tally, ref reader, model, lowDetail: false);
            else MessageTokens.AddAny(ref tally, ref reader, item);
        }

        // A reference to an item that the provider keeps.
        if (!hasBody) tally.AddHidden();
    }

    private static void AddContent(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string model)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (JsonWalk.NextItem(ref reader))
            {
                if (reader.TokenType == JsonTokenType.StartObject) AddPart(ref tally, JsonWalk.Raw(ref reader, json), model);
                else MessageTokens.AddAny(ref tally, ref reader, json);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            AddPart(ref tally, JsonWalk.Raw(ref reader, json), model);
        }
        else
        {
            MessageTokens.AddAny(ref tally, ref reader, json);
        }
    }

    private static void AddPart(ref PromptTally tally, ReadOnlySpan<byte> part, string model)
    {
        var known = false;
        var reader = JsonWalk.Open(part);
        reader.Read();
        while (JsonWalk.NextProperty(ref reader))
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isText = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("refusal"u8);
            reader.Read();
            if (isType && reader.TokenType == JsonTokenType.String)
            {
                known |= AddByType(ref tally, reader, part, model);
            }
            else if (isText)
            {
                MessageTokens.AddAny(ref tally, ref reader, part);
                known = true;
            }
            else
            {
                reader.Skip();
            }
        }

        if (!known) tally.AddText(part);
    }

    // What has no text: an image by its model's price, a file by nobody's but the provider's count.
    private static bool AddByType(ref PromptTally tally, scoped in Utf8JsonReader type, ReadOnlySpan<byte> part, string model)
    {
        if (type.ValueTextEquals("input_image"u8) || type.ValueTextEquals("computer_screenshot"u8))
        {
            tally.AddReserved(ImageTokens.Reserve(model, MessageTokens.IsLowDetail(part)));
            return true;
        }

        if (!type.ValueTextEquals("input_file"u8)) return false;
        tally.AddHidden();
        return true;
    }

    private static void AddImage(ref PromptTally tally, scoped ref Utf8JsonReader reader, string model, bool lowDetail)
    {
        tally.AddReserved(ImageTokens.Reserve(model, lowDetail));
        reader.Skip();
    }

    private static void AddTools(ref PromptTally tally, ReadOnlySpan<byte> tools)
    {
        if (tools.IsEmpty) return;
        ToolTokens.Add(ref tally, tools);
        var reader = JsonWalk.Open(tools);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return;
        while (JsonWalk.NextItem(ref reader))
        {
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            var tool = JsonWalk.Raw(ref reader, tools);
            if (isObject && IsRunByProvider(tool)) tally.AddHidden();
        }
    }

    /// <summary>Whether the provider runs the tool itself: what it finds goes into the prompt, and into the bill.</summary>
    private static bool IsRunByProvider(ReadOnlySpan<byte> tool)
    {
        var reader = JsonWalk.Open(tool);
        reader.Read();
        while (JsonWalk.NextProperty(ref reader))
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (!isType || reader.TokenType != JsonTokenType.String)
            {
                reader.Skip();
                continue;
            }

            return !(reader.ValueTextEquals("function"u8) || reader.ValueTextEquals("custom"u8) || reader.ValueTextEquals("local_shell"u8)
                || reader.ValueTextEquals("computer_use_preview"u8) || reader.ValueTextEquals("computer"u8) || reader.ValueTextEquals("apply_patch"u8));
        }

        return false;
    }
}
