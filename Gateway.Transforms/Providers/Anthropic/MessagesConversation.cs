using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Anthropic's system and messages as messages of chat completions.</summary>
/// <remarks>
/// Texts of one message become one string: many upstreams of OpenAI's API take no parts but for images. A tool's answer is a message of its own, before what else
/// the user says; OpenAI takes no image there, so it goes to what the user says.
/// </remarks>
internal static class MessagesConversation
{
    private const string Unknown = "messages may hold text, images, PDF files, tool_use and tool_result: this model's provider takes nothing else";

    /// <summary>Writes <c>messages</c>, or says what cannot be written.</summary>
    public static BodyError Write(JsonPiece system, JsonPiece messages, IBufferWriter<byte> output)
    {
        output.Write(",\"messages\":["u8);
        var isFirst = true;
        var error = WriteSystem(system, ref isFirst, output);
        var all = new JsonElements(messages);
        while (!error.IsRefused() && all.Next())
        {
            var role = all.Value.Member("role"u8);
            var content = all.Value.Member("content"u8);
            if (!content.IsText && !content.IsArray)
                return Refusal.Shape("messages", "messages must hold content that is a string or an array", all.Value);

            error = role.Is("user"u8) ? WriteUser(content, ref isFirst, output)
                : role.Is("assistant"u8) ? WriteAssistant(content, ref isFirst, output)
                : Refusal.Shape("messages", "messages may have the roles user and assistant", role);
        }

        output.Write("]"u8);
        return error;
    }

    private static BodyError WriteSystem(JsonPiece system, ref bool isFirst, IBufferWriter<byte> output)
    {
        if (system.IsPresent && !system.IsText && !system.IsArray)
            return Refusal.Shape("system", "system must be a string or an array of text blocks", system);

        var blocks = new JsonElements(system);
        while (blocks.Next())
        {
            if (!blocks.Value.Member("type"u8).Is("text"u8))
                return Refusal.Shape("system", "system must be a string or an array of text blocks", blocks.Value);
        }

        if (!system.HasText && !JoinedText.HasAny(system))
            return Refusal.None;

        Begin("{\"role\":\"system\",\"content\":"u8, ref isFirst, output);
        JoinedText.Write(system, JoinedText.Paragraphs, output);
        output.Write("}"u8);
        return Refusal.None;
    }

    private static BodyError WriteUser(JsonPiece content, ref bool isFirst, IBufferWriter<byte> output)
    {
        var (results, others, media) = (0, 0, 0);
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var block = blocks.Value;
            var type = block.Member("type"u8);
            if (type.Is("tool_result"u8))
            {
                results++;
                var error = WriteResult(block, ref isFirst, ref media, output);
                if (error.IsRefused())
                    return error;
            }
            else if (type.Is("text"u8) || ChatMedia.IsMedia(type))
            {
                others++;
                media += ChatMedia.IsMedia(type) ? 1 : 0;
            }
            else
            {
                return Refusal.Shape("messages", Unknown, type);
            }
        }

        if (results > 0 && others + media == 0)
            return Refusal.None;

        Begin("{\"role\":\"user\",\"content\":"u8, ref isFirst, output);
        if (media == 0)
            JoinedText.Write(content, JoinedText.Paragraphs, output);
        else if (!ChatMedia.TryWriteParts(content, output))
            return Refusal.Of("messages", "messages must hold images as base64 or url, and PDF files as base64: this model's provider takes no other.");
        output.Write("}"u8);
        return Refusal.None;
    }

    private static BodyError WriteResult(JsonPiece result, ref bool isFirst, ref int media, IBufferWriter<byte> output)
    {
        var id = result.Member("tool_use_id"u8);
        if (!id.HasText)
            return Refusal.Of("messages", "messages must not hold a tool_result without a tool_use_id.");

        var content = result.Member("content"u8);
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var type = blocks.Value.Member("type"u8);
            if (!type.Is("text"u8) && !ChatMedia.IsMedia(type))
                return Refusal.Shape("messages", Unknown, type);
            media += type.Is("text"u8) ? 0 : 1;
        }

        Begin("{\"role\":\"tool\",\"tool_call_id\":"u8, ref isFirst, output);
        output.Write(id.Raw);
        output.Write(",\"content\":"u8);
        JoinedText.Write(content, JoinedText.Paragraphs, output);
        output.Write("}"u8);
        return Refusal.None;
    }

    private static BodyError WriteAssistant(JsonPiece content, ref bool isFirst, IBufferWriter<byte> output)
    {
        Begin("{\"role\":\"assistant\",\"content\":"u8, ref isFirst, output);
        JoinedText.Write(content, JoinedText.Sentences, output);
        var calls = 0;
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var block = blocks.Value;
            var type = block.Member("type"u8);
            if (type.Is("text"u8) || type.Is("thinking"u8) || type.Is("redacted_thinking"u8))
                continue;
            if (!type.Is("tool_use"u8))
                return Refusal.Shape("messages", Unknown, type);
            if (!block.Member("id"u8).HasText || !block.Member("name"u8).HasText)
                return Refusal.Of("messages", "messages must not hold a tool_use without an id and a name.");

            output.Write(calls++ == 0 ? ",\"tool_calls\":[{\"id\":"u8 : ",{\"id\":"u8);
            ChatAnswer.WriteCallName(block, output);
            output.Write(",\"arguments\":\""u8);
            output.WriteEscaped(block.Member("input"u8) is { IsObject: true } input ? input.Raw : "{}"u8);
            output.Write("\"}}"u8);
        }

        output.Write(calls > 0 ? "]}"u8 : "}"u8);
        return Refusal.None;
    }

    private static void Begin(ReadOnlySpan<byte> start, ref bool isFirst, IBufferWriter<byte> output)
    {
        output.Write(isFirst ? default : ","u8);
        output.Write(start);
        isFirst = false;
    }
}
