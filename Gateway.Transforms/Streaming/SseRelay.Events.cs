using System.Diagnostics;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Streaming;

/// <content>Events, and what follows the last one.</content>
public sealed partial class SseRelay
{
    private void Relay()
    {
        while (!_ended && _scanner.TryNext(out var next))
        {
            switch (next.Kind)
            {
                case EventKind.Chunk:
                    _silence = TimeSpan.Zero;
                    RelayChunk(next);
                    break;
                case EventKind.Comment:
                    ChunkRewrite.Unchanged(next, _output);
                    break;
                case EventKind.Done:
                    Finish(RelayEnd.Complete);
                    break;
                case EventKind.Error:
                    Finish(RelayEnd.Error);
                    break;
                case EventKind.NotJson:
                    Finish(RelayEnd.Unreadable);
                    break;
                default:
                    throw new UnreachableException(next.Kind.ToString());
            }
        }
    }

    private void RelayChunk(in SseEvent chunk)
    {
        ref readonly var facts = ref chunk.Facts;
        if (facts.FinishedWithError)
        {
            Finish(RelayEnd.Error);
            return;
        }

        HasFinishReason |= facts.HasFinishReason;
        Images += facts.Images;
        AudioMilliseconds = facts.AudioMilliseconds ?? AudioMilliseconds;
        if (facts.HasContent)
            NoteContent();

        if (facts.HasUsage && !facts.UsageIsEmpty)
            Reported = facts.TokensAreOutputOnly && Reported is { } earlier ? earlier with { Output = facts.Tokens.Output } : facts.Tokens;

        // The extra chunk that the gateway asked for and the client did not.
        var hidesUsage = _options.Format.UsageIsOptional && !_options.ClientWantsUsage;
        if (facts is { HasUsage: true, ChoicesEmpty: true } && hidesUsage)
            return;

        ReleaseHeld();
        if ((facts.IsFinal && !hidesUsage) || (facts.HasFinishReason && _options.HoldsLastChunk))
            ChunkRewrite.Unchanged(chunk, _held);
        else if (hidesUsage)
            ChunkRewrite.WithoutUsage(chunk, _output);
        else
            ChunkRewrite.Unchanged(chunk, _output);

        _lastEventEnds = facts.EndsStream;
        if (facts.EndsStream)
            Finish(RelayEnd.Complete);
    }

    private void NoteContent()
    {
        if (HasContent)
            _options.OnNextContent?.Invoke(Stopwatch.GetElapsedTime(LastContentAt, _arrivedAt).TotalSeconds);
        else
            FirstContentAt = _arrivedAt;
        HasContent = true;
        LastContentAt = _arrivedAt;
    }

    private void ReleaseHeld()
    {
        if (_held.Length == 0)
            return;

        _output.Write(_held.WrittenSpan);
        _held.Dispose();
    }

    private void Finish(RelayEnd end)
    {
        if (_ended)
            return;

        _ended = true;
        End = end;
    }

    private async ValueTask EndAsync()
    {
        var tail = await _onEnd(this);
        if (!tail.ErrorEvent.IsEmpty)
        {
            ReleaseHeld();
            _output.Write(tail.ErrorEvent.Span);
        }
        else
        {
            WriteLast(tail);
            if (!_lastEventEnds)
                _output.Write(_options.Format.Terminator);
        }

        _tailIsOut = true;
    }

    private void WriteLast(in RelayTail tail)
    {
        if (_held.Length == 0)
        {
            if (_options.Format.UsageIsOptional && _options.ClientWantsUsage && !tail.UsageExtra.IsEmpty)
                WriteUsageChunk(tail);
            return;
        }

        using var scanner = new StreamScanner(format: _options.Format);
        scanner.Feed(_held.WrittenSpan);
        scanner.Complete();
        if (scanner.TryNext(out var last))
        {
            var usageExtra = _options.ClientWantsUsage || !_options.Format.UsageIsOptional ? tail.UsageExtra.Span : default;
            ChunkRewrite.WithExtras(last, usageExtra, tail.RootExtra.Span, _output);
        }
    }

    // The client asked for usage and the upstream sent none: it gets ours.
    private void WriteUsageChunk(in RelayTail tail)
    {
        _output.Write("data: {\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{"u8);
        _output.Write(tail.UsageExtra.Span);
        _output.Write("}"u8);
        if (!tail.RootExtra.IsEmpty)
        {
            _output.Write(","u8);
            _output.Write(tail.RootExtra.Span);
        }

        _output.Write("}\n\n"u8);
    }
}
