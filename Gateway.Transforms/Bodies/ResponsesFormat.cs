using System.Buffers;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>Responses: https://platform.openai.com/docs/api-reference/responses/object and its streaming events.</summary>
/// <remarks>A stream ends with <c>response.completed</c>, <c>response.incomplete</c> or <c>response.failed</c>, which repeats the whole answer: its text is not counted again.</remarks>
internal sealed class ResponsesFormat : ObjectFormat
{
    private enum ItemKind
    {
        Other,
        Message,
        Reasoning,
        Call,
    }

    /// <inheritdoc/>
    public override bool KeepsAnswers => true;

    /// <inheritdoc/>
    protected override void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        var isWhole = AnswerRoot.Is(json, root.Status, "completed"u8) || AnswerRoot.Is(json, root.Status, "incomplete"u8);
        facts.HasFinishReason |= isWhole;
        facts.HasError |= AnswerRoot.Is(json, root.Status, "failed"u8);
        if (root.Output.IsPresent)
            ReadOutput(json, root.Output, ref facts, text);
    }

    /// <inheritdoc/>
    protected override void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        if (root.Response.IsPresent && data[root.Response.Offset] == '{')
        {
            ReadWhole(data, type, root.Response, ref facts);
        }
        else if (type.EndsWith(".delta"u8))
        {
            facts.HasContent = root.Delta.Length > 2;
            if (!type.SequenceEqual("response.audio.delta"u8))
                Append(data, root.Delta, text);
        }
        else if (root.Item.IsPresent && data[root.Item.Offset] == '{')
        {
            // A message and a reasoning come as deltas; a call names its function where it begins, and there alone; other items have no deltas.
            var isNew = type.EndsWith(".added"u8);
            ReadItem(data, root.Item, ref facts, isNew ? text : null, out var kind);
            facts.FirstContent = default;
            facts.HasContent = kind is ItemKind.Call or ItemKind.Other;
        }
    }

    private void ReadWhole(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, ByteRange response, ref AnswerFacts facts)
    {
        var whole = new AnswerFacts { ChoicesEmpty = true };
        if (!AnswerRoot.TryRead(data, response, out var root, ref whole))
            return;

        ReadAnswer(data, root, ref whole, text: null);
        facts = whole;
        facts.HasFinishReason = false;
        facts.HasError |= type.SequenceEqual("response.failed"u8);
        if (facts.HasError)
            facts.Error = facts.Error.IsPresent ? facts.Error : response;
        else if (type.SequenceEqual("response.completed"u8) || type.SequenceEqual("response.incomplete"u8))
            End(ref facts);
    }

    private static void ReadOutput(ReadOnlySpan<byte> json, ByteRange output, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        var reader = new Utf8JsonReader(output.Of(json), new JsonReaderOptions { MaxDepth = 128 });
        reader.Read();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            facts.ChoicesEmpty = false;
            var start = (int)reader.TokenStartIndex;
            var isObject = reader.TokenType is JsonTokenType.StartObject;
            reader.Skip();
            if (!isObject)
                continue;

            var item = ByteRange.Between(output.Offset + start, output.Offset + (int)reader.BytesConsumed);
            var first = facts.FirstContent;
            facts.HasContent |= ReadItem(json, item, ref facts, text, out var kind) || kind is ItemKind.Call or ItemKind.Other;
            facts.FirstContent = kind is ItemKind.Message ? facts.FirstContent : first;
        }
    }

    /// <summary>Reads one item; true if it has text.</summary>
    private static bool ReadItem(ReadOnlySpan<byte> json, ByteRange item, ref AnswerFacts facts, IBufferWriter<byte>? text, out ItemKind kind)
    {
        kind = ItemKind.Other;
        var hasText = false;
        var reader = new Utf8JsonReader(item.Of(json), new JsonReaderOptions { MaxDepth = 128 });
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isParts = reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("summary"u8);
            var isText = reader.ValueTextEquals("name"u8) || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8);
            reader.Read();
            if (isType && reader.TokenType is JsonTokenType.String)
                kind = KindOf(reader);
            else if (isParts && reader.TokenType is JsonTokenType.StartArray)
                hasText |= ReadParts(ref reader, item.Offset, ref facts, text);
            else if (isText && reader.TokenType is JsonTokenType.String && text is not null)
                JsonText.Append(text, reader.ValueSpan, reader.ValueIsEscaped);
            else
                reader.Skip();
        }

        return hasText;
    }

    private static bool ReadParts(ref Utf8JsonReader reader, int offset, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        var hasText = false;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is not JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isText = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("refusal"u8);
                reader.Read();
                if (!isText || reader.TokenType is not JsonTokenType.String)
                {
                    reader.Skip();
                    continue;
                }

                hasText |= !reader.ValueSpan.IsEmpty;
                if (!facts.FirstContent.IsPresent)
                    facts.FirstContent = ByteRange.Between(offset + (int)reader.TokenStartIndex, offset + (int)reader.BytesConsumed);
                if (text is not null)
                    JsonText.Append(text, reader.ValueSpan, reader.ValueIsEscaped);
            }
        }

        return hasText;
    }

    private static ItemKind KindOf(in Utf8JsonReader type)
    {
        if (type.ValueTextEquals("message"u8))
            return ItemKind.Message;
        if (type.ValueTextEquals("reasoning"u8))
            return ItemKind.Reasoning;
        return type.ValueTextEquals("function_call"u8) || type.ValueTextEquals("custom_tool_call"u8) ? ItemKind.Call : ItemKind.Other;
    }
}
