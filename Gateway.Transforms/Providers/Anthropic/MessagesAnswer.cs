using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>A chat completion as Anthropic's message.</summary>
internal static class MessagesAnswer
{
    private const int LongestName = 256;

    /// <summary>Writes the message; false if there is no object. An answer without a choice is a message without content.</summary>
    /// <exception cref="JsonException">The bytes are no JSON.</exception>
    public static bool TryWrite(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        JsonPiece id = default, model = default, choices = default, usage = default, error = default;
        var members = new JsonMembers(answer);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("id"u8)) id = value;
            else if (name.SequenceEqual("model"u8)) model = value;
            else if (name.SequenceEqual("choices"u8)) choices = value;
            else if (name.SequenceEqual("usage"u8)) usage = value;
            else if (name.SequenceEqual("error"u8)) error = value;
        }

        if (error.IsPresent)
        {
            MessagesError.Write(MessagesError.TypeOf(error.Member("type"u8)), error, output);
            return true;
        }

        if (!members.IsObject)
            return false;

        var all = new JsonElements(choices);
        var choice = all.Next() ? all.Value : default;
        WriteHead(id, model, target, output);
        WriteContent(choice.Member("message"u8), target, output);
        output.Write(",\"stop_reason\":\""u8);
        output.Write(StopReasons.ToMessages(choice.Member("finish_reason"u8)));
        output.Write("\",\"stop_sequence\":null,\"usage\":"u8);
        WriteUsage(usage, output);
        output.Write("}"u8);
        return true;
    }

    /// <summary>Writes a message up to the value of <c>content</c>.</summary>
    public static void WriteHead(JsonPiece id, JsonPiece model, in TranslationTarget target, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":\"msg_"u8);
        if (id.HasText && id.Raw.Length <= LongestName)
            output.Write(id.Inner.StartsWith("chatcmpl-"u8) ? id.Inner["chatcmpl-"u8.Length..] : id.Inner);
        else
            output.WriteEscaped(Encoding.UTF8.GetBytes(target.ReceiptId));
        output.Write("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"u8);
        if (model.HasText && model.Raw.Length <= LongestName)
            output.Write(model.Raw);
        else
            output.WriteText(target.UpstreamModel);
        output.Write(",\"content\":"u8);
    }

    /// <summary>Writes chat usage in Anthropic's names, cached tokens outside of input, and what the gateway added to it: what the call cost and who paid.</summary>
    /// <remarks>Numbers that contradict each other are written as they are; the gateway has disputed them by then.</remarks>
    public static void WriteUsage(JsonPiece usage, IBufferWriter<byte> output)
    {
        var tokens = default(UsageTokens);
        if (usage.IsObject)
        {
            var reader = new Utf8JsonReader(usage.Raw, JsonMembers.Options);
            reader.Read();
            tokens = UsageReader.Read(ref reader, out _);
        }

        output.Write("{\"input_tokens\":"u8);
        output.WriteCount(tokens.IsSound ? tokens.Input - tokens.CachedInput - tokens.CacheWrite : tokens.Input);
        output.Write(",\"cache_creation_input_tokens\":"u8);
        output.WriteCount(tokens.CacheWrite);
        output.Write(",\"cache_read_input_tokens\":"u8);
        output.WriteCount(tokens.CachedInput);
        output.Write(",\"output_tokens\":"u8);
        output.WriteCount(tokens.Output);
        WriteMember(",\"cost\":"u8, usage.Member("cost"u8), output);
        WriteMember(",\"cost_currency\":"u8, usage.Member("cost_currency"u8), output);
        WriteMember(",\"paid_by\":"u8, usage.Member("paid_by"u8), output);
        output.Write("}"u8);
    }

    private static void WriteMember(ReadOnlySpan<byte> name, JsonPiece value, IBufferWriter<byte> output)
    {
        if (!value.IsPresent)
            return;

        output.Write(name);
        output.WriteOnOneLine(value.Raw);
    }

    private static void WriteContent(JsonPiece message, in TranslationTarget target, IBufferWriter<byte> output)
    {
        var written = 0;
        output.Write("["u8);

        // The signature that Anthropic's thinking bears is nobody else's to give; without one a client may show it and need not send it back.
        var thinking = message.Member("reasoning_content"u8) is { HasText: true } reasoning ? reasoning : message.Member("reasoning"u8);
        if (thinking.HasText)
        {
            output.Write("{\"type\":\"thinking\",\"thinking\":"u8);
            output.Write(thinking.Raw);
            output.Write(",\"signature\":\"\"}"u8);
            written++;
        }

        WriteText(message.Member("content"u8), ref written, output);
        WriteText(message.Member("refusal"u8), ref written, output);
        var calls = new JsonElements(message.Member("tool_calls"u8));
        for (var i = 0; calls.Next(); i++)
        {
            output.Write(written++ == 0 ? default : ","u8);
            WriteCall(calls.Value, i, target, output);
        }

        output.Write("]"u8);
    }

    private static void WriteText(JsonPiece content, ref int written, IBufferWriter<byte> output)
    {
        if (!content.HasText && !JoinedText.HasAny(content))
            return;

        output.Write(written++ == 0 ? "{\"type\":\"text\",\"text\":"u8 : ",{\"type\":\"text\",\"text\":"u8);
        JoinedText.Write(content, JoinedText.Sentences, output);
        output.Write("}"u8);
    }

    private static void WriteCall(JsonPiece call, int index, in TranslationTarget target, IBufferWriter<byte> output)
    {
        var function = call.Member("function"u8);
        WriteCallHead(call.Member("id"u8), function.Member("name"u8), index, target, output);
        var arguments = function.Member("arguments"u8);
        if (!output.TryWriteSpelledObject(arguments))
        {
            // A model's mistake, and paid for: it comes through where an object is demanded.
            output.Write("{\"arguments\":"u8);
            output.Write(arguments.IsText ? arguments.Raw : "null"u8);
            output.Write("}"u8);
        }

        output.Write("}"u8);
    }

    /// <summary>Writes a <c>tool_use</c> block up to the value of <c>input</c>. A call without an id gets one.</summary>
    public static void WriteCallHead(JsonPiece id, JsonPiece name, int index, in TranslationTarget target, IBufferWriter<byte> output)
    {
        output.Write("{\"type\":\"tool_use\",\"id\":"u8);
        if (id.HasText)
            ToolId.Write(id, output);
        else
            output.WriteText($"toolu_{target.ReceiptId}_{index}");
        output.Write(",\"name\":"u8);
        output.Write(name.IsText ? name.Raw : "\"\""u8);
        output.Write(",\"input\":"u8);
    }
}
