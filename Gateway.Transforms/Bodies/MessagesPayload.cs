using System.Buffers;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>One pass over a message or an event of a streamed one: facts, and the output text for those who count tokens themselves.</summary>
internal static class MessagesPayload
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    /// <summary>The values of <c>type</c> at the root that mean something here.</summary>
    internal enum Kind
    {
        Other,
        Delta,
        Stop,
        Error,
    }

    /// <summary>Reads a payload; false if it is not one JSON object.</summary>
    /// <param name="json">The payload.</param>
    /// <param name="facts">What it says; undefined if false.</param>
    /// <param name="kind">Which event it is.</param>
    /// <param name="text">Receives the decoded output text: text, thinking, names and input of tools; or null.</param>
    public static bool TryScan(ReadOnlySpan<byte> json, out AnswerFacts facts, out Kind kind, IBufferWriter<byte>? text)
    {
        facts = new AnswerFacts { ChoicesEmpty = true };
        kind = Kind.Other;
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return false;

            ReadMessage(ref reader, json, ref facts, ref kind, text, isRoot: true);
            facts.HasError |= kind is Kind.Error;

            // An event may repeat the input side; one that does not leaves what message_start said.
            facts.TokensAreOutputOnly &= kind is Kind.Delta;
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // The root, or the message in message_start, which has the same members.
    private static void ReadMessage(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref AnswerFacts facts, ref Kind kind, IBufferWriter<byte>? text, bool isRoot)
    {
        var members = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            members++;
            var key = reader.ValueSpan;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (key.SequenceEqual("usage"u8))
            {
                ReadUsage(ref reader, ref facts, start);
            }
            else if (key.SequenceEqual("content"u8) && reader.TokenType is JsonTokenType.StartArray)
            {
                ReadBlocks(ref reader, json, ref facts, text);
                facts.FirstContent = ByteRange.Between(start, (int)reader.BytesConsumed);
            }
            else if (reader.TokenType is JsonTokenType.StartObject && (key.SequenceEqual("delta"u8) || key.SequenceEqual("content_block"u8)))
            {
                ReadBlock(ref reader, json, ref facts, text);
            }
            else if (isRoot && key.SequenceEqual("message"u8) && reader.TokenType is JsonTokenType.StartObject)
            {
                ReadMessage(ref reader, json, ref facts, ref kind, text, isRoot: false);
            }
            else if (isRoot && key.SequenceEqual("error"u8))
            {
                facts.HasError |= reader.TokenType is not JsonTokenType.Null;
                reader.Skip();
                facts.Error = ByteRange.Between(start, (int)reader.BytesConsumed);
            }
            else if (reader.TokenType is JsonTokenType.String)
            {
                ReadWord(ref reader, key, ref facts, ref kind, isRoot, ByteRange.Between(start, (int)reader.BytesConsumed));
            }
            else
            {
                reader.Skip();
            }
        }

        facts.RootClose = (int)reader.TokenStartIndex;
        facts.RootIsEmpty = members == 0;
    }

    private static void ReadWord(ref Utf8JsonReader reader, ReadOnlySpan<byte> key, ref AnswerFacts facts, ref Kind kind, bool isRoot, ByteRange value)
    {
        if (isRoot && key.SequenceEqual("type"u8))
            kind = KindOf(reader.ValueSpan);
        else if (key.SequenceEqual("model"u8))
            facts.Model = value;
        else if (key.SequenceEqual("id"u8))
            facts.Id = value;
        else if (key.SequenceEqual("stop_reason"u8))
            facts.HasFinishReason |= !reader.ValueSpan.IsEmpty;
    }

    private static Kind KindOf(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("message_delta"u8) ? Kind.Delta
        : type.SequenceEqual("message_stop"u8) ? Kind.Stop
        : type.SequenceEqual("error"u8) ? Kind.Error
        : Kind.Other;

    private static void ReadUsage(ref Utf8JsonReader reader, ref AnswerFacts facts, int start)
    {
        facts.UsageIsNull = reader.TokenType is not JsonTokenType.StartObject;
        facts.Tokens = default;
        if (facts.UsageIsNull)
        {
            reader.Skip();
        }
        else
        {
            var usage = new MessagesUsage();
            usage.Read(ref reader, out var isEmpty);
            facts.UsageIsEmpty = isEmpty;
            facts.TokensAreOutputOnly = !usage.HasInput;
            facts.Tokens = usage.Tokens();
        }

        facts.UsageValue = ByteRange.Between(start, (int)reader.BytesConsumed);
    }

    private static void ReadBlocks(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is JsonTokenType.StartObject)
                ReadBlock(ref reader, json, ref facts, text);
            else
                reader.Skip();
        }
    }

    // A content block, or a delta of one; the delta of message_delta holds the stop reason.
    private static void ReadBlock(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType is JsonTokenType.String && IsOutput(key))
            {
                facts.HasContent |= !reader.ValueSpan.IsEmpty;
                if (text is not null)
                    JsonText.Append(text, reader.ValueSpan, reader.ValueIsEscaped);
            }
            else if (reader.TokenType is JsonTokenType.StartObject && key.SequenceEqual("input"u8))
            {
                ReadInput(ref reader, json, ref facts, text);
            }
            else if (reader.TokenType is JsonTokenType.String && key.SequenceEqual("stop_reason"u8))
            {
                facts.HasFinishReason |= !reader.ValueSpan.IsEmpty;
            }
            else
            {
                // Thinking that the model may not show: there is output, though no text of it.
                facts.HasContent |= key.SequenceEqual("data"u8) && reader.TokenType is JsonTokenType.String && !reader.ValueSpan.IsEmpty;
                reader.Skip();
            }
        }
    }

    private static bool IsOutput(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("text"u8) || key.SequenceEqual("partial_json"u8) || key.SequenceEqual("thinking"u8) || key.SequenceEqual("name"u8);

    // A stream begins a tool's input with {} and sends it piece by piece.
    private static void ReadInput(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var input = json[start..(int)reader.BytesConsumed];
        facts.HasContent = true;
        if (text is not null && input.Length > "{}".Length)
            JsonText.Append(text, input, escaped: false);
    }
}
