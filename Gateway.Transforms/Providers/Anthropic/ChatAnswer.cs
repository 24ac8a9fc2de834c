using System.Buffers;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Anthropic's answer as a chat completion.</summary>
internal static class ChatAnswer
{
    // A longer one is no id and no model; it would stand in every chunk of a stream.
    private const int LongestName = 256;

    /// <summary>Writes the completion; false if there is no message.</summary>
    /// <exception cref="JsonException">The bytes are no JSON.</exception>
    public static bool TryWrite(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        JsonPiece id = default, model = default, content = default, reason = default, usage = default, error = default;
        var members = new JsonMembers(answer);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("id"u8)) id = value;
            else if (name.SequenceEqual("model"u8)) model = value;
            else if (name.SequenceEqual("content"u8)) content = value;
            else if (name.SequenceEqual("stop_reason"u8)) reason = value;
            else if (name.SequenceEqual("usage"u8)) usage = value;
            else if (name.SequenceEqual("error"u8)) error = value;
        }

        if (error.IsPresent)
        {
            WriteError(error, isStatus: false, output);
            return true;
        }

        if (!content.IsArray)
            return false;

        WriteHead("chat.completion"u8, id, model, target, output);
        output.Write("[{\"index\":0,\"message\":{\"role\":\"assistant\""u8);
        WriteContent(content, output);
        output.Write("},\"logprobs\":null,\"finish_reason\":\""u8);
        output.Write(StopReasons.ToChat(reason));
        output.Write("\"}]"u8);
        if (usage.IsObject)
        {
            var tokens = new MessagesUsage();
            ReadUsage(usage, ref tokens);
            output.Write(",\"usage\":"u8);
            WriteUsage(tokens.Tokens(), output);
        }

        output.Write("}"u8);
        return true;
    }

    /// <summary>Writes a completion or chunk up to the value of <c>choices</c>.</summary>
    public static void WriteHead(ReadOnlySpan<byte> kind, JsonPiece id, JsonPiece model, in TranslationTarget target, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":\"chatcmpl-"u8);
        if (id.HasText && id.Raw.Length <= LongestName)
            output.Write(id.Inner.StartsWith("msg_"u8) ? id.Inner["msg_"u8.Length..] : id.Inner);
        else
            output.WriteEscaped(System.Text.Encoding.UTF8.GetBytes(target.ReceiptId));
        output.Write("\",\"object\":\""u8);
        output.Write(kind);
        output.Write("\",\"created\":"u8);
        output.WriteCount(ReceiptTime.UnixSeconds(target.ReceiptId));
        output.Write(",\"model\":"u8);
        if (model.HasText && model.Raw.Length <= LongestName)
            output.Write(model.Raw);
        else
            output.WriteText(target.UpstreamModel);
        output.Write(",\"choices\":"u8);
    }

    /// <summary>Adds what a usage object says to what is known.</summary>
    public static void ReadUsage(JsonPiece usage, ref MessagesUsage known)
    {
        var reader = new Utf8JsonReader(usage.Raw, JsonMembers.Options);
        reader.Read();
        known.Read(ref reader, out _);
    }

    /// <summary>Writes usage in OpenAI's names. What is no count is written as -1, so that nobody takes it for one.</summary>
    public static void WriteUsage(in UsageTokens tokens, IBufferWriter<byte> output)
    {
        output.Write("{\"prompt_tokens\":"u8);
        output.WriteCount(tokens.Input);
        output.Write(",\"completion_tokens\":"u8);
        output.WriteCount(tokens.Output);
        output.Write(",\"total_tokens\":"u8);
        var total = (Int128)tokens.Input + tokens.Output;
        output.WriteCount(tokens.Input < 0 || tokens.Output < 0 || total > long.MaxValue ? -1 : (long)total);
        output.Write(",\"prompt_tokens_details\":{\"cached_tokens\":"u8);
        output.WriteCount(tokens.CachedInput);
        output.Write(",\"cache_creation_tokens\":"u8);
        output.WriteCount(tokens.CacheWrite);
        output.Write("},\"completion_tokens_details\":{\"reasoning_tokens\":"u8);
        output.WriteCount(tokens.Reasoning);
        output.Write("}}"u8);
    }

    /// <summary>Writes Anthropic's error object as OpenAI's.</summary>
    /// <param name="error">The error object.</param>
    /// <param name="isStatus">Whether the status said that the request is at fault.</param>
    /// <param name="output">Receives it.</param>
    public static void WriteError(JsonPiece error, bool isStatus, IBufferWriter<byte> output)
    {
        var message = error.Member("message"u8);
        var type = error.Member("type"u8);
        output.Write("{\"error\":{\"message\":"u8);
        output.Write(message.IsText ? message.Raw : "\"The provider failed.\""u8);
        output.Write(",\"type\":"u8);
        output.Write(isStatus ? "\"invalid_request_error\""u8 : "\"api_error\""u8);
        output.Write(",\"param\":null,\"code\":"u8);
        output.Write(type.IsText ? type.Raw : "null"u8);
        output.Write("}}"u8);
    }

    private static void WriteContent(JsonPiece content, IBufferWriter<byte> output)
    {
        var hasText = WriteJoined(content, "text"u8, ",\"content\":\""u8, output);
        var calls = WriteCalls(content, output);
        if (!hasText)
            output.Write(calls > 0 ? ",\"content\":null"u8 : ",\"content\":\"\""u8);
        WriteJoined(content, "thinking"u8, ",\"reasoning_content\":\""u8, output);
        output.Write(",\"refusal\":null"u8);
    }

    // Citations cut a text into blocks in the middle of a sentence: nothing stands between them.
    private static bool WriteJoined(JsonPiece content, ReadOnlySpan<byte> type, ReadOnlySpan<byte> start, IBufferWriter<byte> output)
    {
        var isFirst = true;
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var text = blocks.Value.Member("type"u8).Is(type) ? blocks.Value.Member(type) : default;
            if (!text.HasText)
                continue;

            output.Write(isFirst ? start : default);
            output.Write(text.Inner);
            isFirst = false;
        }

        output.Write(isFirst ? default : "\""u8);
        return !isFirst;
    }

    private static int WriteCalls(JsonPiece content, IBufferWriter<byte> output)
    {
        var calls = 0;
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var block = blocks.Value;
            if (!block.Member("type"u8).Is("tool_use"u8))
                continue;

            output.Write(calls++ == 0 ? ",\"tool_calls\":[{\"id\":"u8 : ",{\"id\":"u8);
            WriteCallName(block, output);
            output.Write(",\"arguments\":\""u8);
            var input = block.Member("input"u8);
            output.WriteEscaped(input.IsObject ? input.Raw : "{}"u8);
            output.Write("\"}}"u8);
        }

        output.Write(calls > 0 ? "]"u8 : default);
        return calls;
    }

    /// <summary>Writes the id and the name of a call, up to its arguments.</summary>
    public static void WriteCallName(JsonPiece block, IBufferWriter<byte> output)
    {
        var id = block.Member("id"u8);
        var name = block.Member("name"u8);
        output.Write(id.IsText ? id.Raw : "\"\""u8);
        output.Write(",\"type\":\"function\",\"function\":{\"name\":"u8);
        output.Write(name.IsText ? name.Raw : "\"\""u8);
    }
}
