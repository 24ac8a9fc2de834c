using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Cuts a stream into events and hands each to what translates it.</summary>
internal abstract class EventTranslator : IStreamTranslator
{
    private readonly StreamScanner _scanner = new(format: new Unread());

    /// <summary>Whether the stream came to its own end: what follows is not read.</summary>
    protected bool IsOver { get; set; }

    /// <inheritdoc/>
    public bool TryTranslate(ReadOnlySpan<byte> incoming, IBufferWriter<byte> output)
    {
        while (!incoming.IsEmpty)
        {
            incoming = incoming[_scanner.Feed(incoming)..];
            if (!TryRead(output))
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Complete(IBufferWriter<byte> output)
    {
        _scanner.Complete();
        TryRead(output);
        if (!IsOver)
            BreakOff(output);
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _scanner.Dispose();

    /// <summary>Takes an event; false, or <see cref="JsonException"/>, if it is none of the API.</summary>
    /// <param name="data">Its data, not empty, valid UTF-8.</param>
    /// <param name="eventName">Its name; empty: none.</param>
    /// <param name="output">Receives what it becomes.</param>
    protected abstract bool TryTakeEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, IBufferWriter<byte> output);

    /// <summary>Takes a comment.</summary>
    protected virtual void TakeComment(IBufferWriter<byte> output)
    {
    }

    /// <summary>The upstream ended without its own end.</summary>
    protected virtual void BreakOff(IBufferWriter<byte> output)
    {
    }

    private bool TryRead(IBufferWriter<byte> output)
    {
        while (_scanner.TryNext(out var next))
        {
            if (IsOver)
                continue;
            if (next.Kind is EventKind.Comment)
            {
                if (next.Raw[0] == ':')
                    TakeComment(output);
                continue;
            }

            try
            {
                if (!Utf8.IsValid(next.Data) || !TryTakeEvent(next.Data, next.EventName, output))
                    return false;
            }
            catch (JsonException)
            {
                return false;
            }
        }

        return _scanner.Fault is StreamFault.None;
    }

    /// <summary>Events are cut and not read: they are read once, by the translator.</summary>
    private sealed class Unread : AnswerFormat
    {
        public override ReadOnlySpan<byte> Terminator => default;

        public override bool TryReadAnswer(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text)
        {
            facts = default;
            return false;
        }

        public override EventKind ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, out AnswerFacts facts, IBufferWriter<byte>? text)
        {
            facts = default;
            return EventKind.Chunk;
        }
    }
}
