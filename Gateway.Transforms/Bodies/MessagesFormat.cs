using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Anthropic's messages: https://platform.claude.com/docs/en/api/messages and https://platform.claude.com/docs/en/build-with-claude/streaming.</summary>
internal sealed class MessagesFormat : AnswerFormat
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Terminator => "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8;

    /// <inheritdoc/>
    public override bool TryReadAnswer(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text) =>
        MessagesPayload.TryScan(json, out facts, out _, text);

    /// <inheritdoc/>
    public override EventKind ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        if (!MessagesPayload.TryScan(data, out facts, out var type, text))
        {
            facts = default;
            return EventKind.NotJson;
        }

        if (facts.HasError || eventName.SequenceEqual("error"u8))
            return EventKind.Error;
        if (type is MessagesPayload.Kind.Stop)
            return EventKind.Done;

        // The last usage, and so the place of the gateway's members. message_start has the input side alone.
        facts.IsFinal = type is MessagesPayload.Kind.Delta && facts.HasUsage;
        return EventKind.Chunk;
    }
}
