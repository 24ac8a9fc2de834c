using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Embeddings: https://platform.openai.com/docs/api-reference/embeddings/create. Never streamed; nothing is charged as output.</summary>
internal sealed class EmbeddingFormat : ObjectFormat
{
    /// <inheritdoc/>
    protected override void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts.HasContent = root.Output.Length > "[]".Length && Count(json, root.Output) > 0;
        if (facts.HasUsage)
            facts.Tokens = facts.Tokens with { Output = 0, Reasoning = 0 };
    }

    /// <inheritdoc/>
    protected override void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text) =>
        ReadAnswer(data, root, ref facts, text);
}
