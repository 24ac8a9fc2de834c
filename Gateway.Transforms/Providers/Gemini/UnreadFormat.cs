using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Leaves the events of a stream unread: they are cut, and read by whoever translates them.</summary>
internal sealed class UnreadFormat : AnswerFormat
{
    /// <summary>The only one.</summary>
    public static readonly UnreadFormat Instance = new();

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Terminator => [];

    /// <inheritdoc/>
    public override bool TryReadAnswer(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts = default;
        return false;
    }

    /// <inheritdoc/>
    public override EventKind ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts = default;
        return EventKind.Chunk;
    }
}
