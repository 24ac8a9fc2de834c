using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Speech with <c>stream_format: sse</c>: https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event. Without it the answer is sound, which nobody reads.</summary>
internal sealed class SpeechFormat : ObjectFormat
{
    /// <inheritdoc/>
    protected override void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text) =>
        facts.HasContent = root.Binary.Length > "\"\"".Length;

    /// <inheritdoc/>
    protected override void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        ReadAnswer(data, root, ref facts, text);
        if (type.SequenceEqual("speech.audio.done"u8))
            End(ref facts);
    }
}
