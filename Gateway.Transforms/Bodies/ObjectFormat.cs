using System.Buffers;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>Answers that are one object, and streams of objects with a <c>type</c>: what all of OpenAI's newer APIs have in common.</summary>
internal abstract class ObjectFormat : AnswerFormat
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Terminator => [];

    /// <inheritdoc/>
    public override bool TryReadAnswer(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        if (!AnswerRoot.TryRead(json, out var root, out facts))
            return false;

        ReadAnswer(json, root, ref facts, text);
        return true;
    }

    /// <inheritdoc/>
    public override EventKind ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts = default;
        if (data[0] != '{' && data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
            return EventKind.Done;

        if (!AnswerRoot.TryRead(data, out var root, out facts))
        {
            facts = default;
            return EventKind.NotJson;
        }

        var type = root.Type.IsPresent ? AnswerRoot.RawText(data, root.Type) : eventName;
        if (type.SequenceEqual("error"u8) && !facts.HasError)
        {
            facts.HasError = true;
            facts.Error = new ByteRange(0, data.Length);
        }

        if (!facts.HasError)
            ReadEvent(data, type, root, ref facts, text);
        if (!facts.IsFinal)
            facts.UsageValue = default;
        return facts.HasError ? EventKind.Error : EventKind.Chunk;
    }

    /// <summary>Adds to the facts what the API's own members say.</summary>
    protected abstract void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text);

    /// <summary>Adds to the facts what an event says.</summary>
    /// <param name="data">The event's data.</param>
    /// <param name="type">Its type, for example <c>response.completed</c>.</param>
    /// <param name="root">Its members.</param>
    /// <param name="facts">What it says.</param>
    /// <param name="text">Receives the decoded output text; or null.</param>
    protected abstract void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text);

    /// <summary>The event that the stream ends with.</summary>
    protected static void End(ref AnswerFacts facts) => facts.IsFinal = facts.EndsStream = facts.HasFinishReason = true;

    /// <summary>Adds a string's text.</summary>
    protected static void Append(ReadOnlySpan<byte> json, ByteRange value, IBufferWriter<byte>? text)
    {
        var raw = AnswerRoot.RawText(json, value);
        if (text is not null)
            JsonText.Append(text, raw, escaped: raw.Contains((byte)'\\'));
    }

    /// <summary>Elements of an array; 0 if it is absent.</summary>
    protected static int Count(ReadOnlySpan<byte> json, ByteRange array)
    {
        if (!array.IsPresent)
            return 0;

        var reader = new Utf8JsonReader(array.Of(json), new JsonReaderOptions { MaxDepth = 128 });
        reader.Read();
        var count = 0;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            count++;
            reader.Skip();
        }

        return count;
    }
}
