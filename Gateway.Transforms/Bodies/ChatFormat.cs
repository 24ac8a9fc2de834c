using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Chat completions and text completions: https://platform.openai.com/docs/api-reference/chat/streaming.</summary>
internal sealed class ChatFormat : AnswerFormat
{
    /// <inheritdoc/>
    public override bool UsageIsOptional => true;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Terminator => "data: [DONE]\n\n"u8;

    /// <inheritdoc/>
    public override bool TryReadAnswer(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text) =>
        AnswerPayload.TryScan(json, out facts, text);

    /// <inheritdoc/>
    public override EventKind ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts = default;
        if (data[0] != '{' && data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
            return EventKind.Done;

        if (!AnswerPayload.TryScan(data, out facts, text))
        {
            facts = default;
            return EventKind.NotJson;
        }

        // The usage chunk, or the chunk that carries usage beside its choices, takes the gateway's members.
        facts.IsFinal = facts.HasUsage;
        return facts.HasError || eventName.SequenceEqual("error"u8) ? EventKind.Error : EventKind.Chunk;
    }
}
