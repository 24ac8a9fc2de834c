using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Moderations: https://platform.openai.com/docs/api-reference/moderations/object. Never streamed, without usage.</summary>
internal sealed class ModerationFormat : ObjectFormat
{
    /// <inheritdoc/>
    protected override void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text) =>
        facts.HasContent = Count(json, root.Output) > 0;

    /// <inheritdoc/>
    protected override void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text) =>
        ReadAnswer(data, root, ref facts, text);
}
