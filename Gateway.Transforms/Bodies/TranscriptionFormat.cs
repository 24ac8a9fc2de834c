using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>Transcriptions as JSON: https://platform.openai.com/docs/api-reference/audio/json-object and https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event.</summary>
/// <remarks>Some models report tokens, some the seconds that they heard: <c>usage.seconds</c>, or <c>duration</c> of <c>verbose_json</c>, a number or a string.</remarks>
internal sealed class TranscriptionFormat : ObjectFormat
{
    // A year of sound: a longer one is no duration.
    private const decimal MostSeconds = 366 * 24 * 3600;

    /// <inheritdoc/>
    protected override void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        // Silence is transcribed as no text, and was heard all the same.
        facts.HasContent = root.Text.IsPresent;
        Append(json, root.Text, text);
        ReadDuration(json, root, ref facts);
    }

    /// <inheritdoc/>
    protected override void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        if (type.SequenceEqual("transcript.text.done"u8))
        {
            // The whole text again, which the deltas had.
            facts.HasContent = root.Text.IsPresent;
            ReadDuration(data, root, ref facts);
            End(ref facts);
        }
        else
        {
            facts.HasContent = root.Delta.Length > 2 || root.Text.Length > 2;
            Append(data, root.Delta, text);
        }
    }

    private static void ReadDuration(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts)
    {
        var seconds = facts.HasUsage ? SecondsOf(json, facts.UsageValue) : default;
        facts.AudioMilliseconds = Milliseconds(json, seconds) ?? Milliseconds(json, root.Duration);

        // Usage by time has no tokens.
        if (seconds.IsPresent)
            facts.Tokens = default;
    }

    private static ByteRange SecondsOf(ReadOnlySpan<byte> json, ByteRange usage)
    {
        var found = default(ByteRange);
        var reader = new Utf8JsonReader(usage.Of(json), new JsonReaderOptions { MaxDepth = 128 });
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isSeconds = reader.ValueTextEquals("seconds"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isSeconds)
                found = ByteRange.Between(usage.Offset + start, usage.Offset + (int)reader.BytesConsumed);
        }

        return found;
    }

    private static long? Milliseconds(ReadOnlySpan<byte> json, ByteRange value)
    {
        var digits = value.Of(json).Trim((byte)'"');
        var isNumber = Utf8Parser.TryParse(digits, out decimal seconds, out var read) && read == digits.Length && !digits.IsEmpty;
        return isNumber && seconds is >= 0 and <= MostSeconds ? (long)decimal.Ceiling(seconds * 1000) : null;
    }
}
