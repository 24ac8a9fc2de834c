using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Turns the events of <c>streamGenerateContent?alt=sse</c> into chat completion chunks.</summary>
/// <remarks>
/// Gemini's stream has no last event: it ends with its connection. Some models say STOP in every event. So finish reasons, usage and
/// <c>[DONE]</c> are written when the upstream has ended, and only if every candidate had a reason to.
/// </remarks>
internal sealed class GeminiStream(TranslationTarget target) : IStreamTranslator
{
    private readonly StreamScanner _scanner = new(format: UnreadFormat.Instance);
    private readonly GeminiResponse _response = new();
    private readonly ChatAnswerWriter _writer = new(target);
    private readonly PooledBuffer _head = new(256);
    private readonly GeminiFinish[] _finishes = new GeminiFinish[GeminiResponse.MostCandidates];

    // One bit for each candidate: seen, given text, given a call.
    private int _begun;
    private int _spoken;
    private int _called;
    private bool _hasFailed;

    /// <inheritdoc/>
    public bool TryTranslate(ReadOnlySpan<byte> incoming, IBufferWriter<byte> output)
    {
        while (!incoming.IsEmpty)
        {
            var taken = _scanner.Feed(incoming);
            incoming = incoming[taken..];
            if (!TryReadEvents(output) || _scanner.Fault is not StreamFault.None)
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Complete(IBufferWriter<byte> output)
    {
        _scanner.Complete();
        if (!TryReadEvents(output) || _hasFailed || _begun == 0)
            return;

        for (var index = 0; index < _finishes.Length; index++)
        {
            if ((_begun & (1 << index)) != 0 && _finishes[index] is GeminiFinish.None)
                return;
        }

        WriteEnd(output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scanner.Dispose();
        _head.Dispose();
    }

    private bool TryReadEvents(IBufferWriter<byte> output)
    {
        while (_scanner.TryNext(out var next))
        {
            if (next.Kind is not EventKind.Comment && !_hasFailed && !TryTranslateEvent(next.Data, output))
                return false;
        }

        return true;
    }

    private bool TryTranslateEvent(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (!_response.TryRead(data))
            return false;

        if (_response.Error.IsPresent)
        {
            _hasFailed = true;
            output.Write("data: "u8);
            GeminiError.Write(_response.Error.Of(data), output);
            output.Write("\n\n"u8);
            return true;
        }

        if (_head.Length == 0)
            _writer.WriteHead(_response, data, "chat.completion.chunk"u8, _head);
        if (_response.IsBlocked && _response.Candidates.Count == 0)
            Note(0, GeminiFinish.Filtered);
        WriteChoices(data, output);
        return true;
    }

    private void WriteChoices(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        var hasChoice = false;
        foreach (var candidate in _response.Candidates)
        {
            if (candidate.PartCount > 0)
            {
                var bit = 1 << candidate.Index;
                BeginChoice(candidate.Index, ref hasChoice, output);
                if (_writer.WriteMessage(_response, candidate, data, isWhole: false, hasRole: (_spoken & bit) == 0, output))
                    _called |= bit;
                _spoken |= bit;
                output.Write("},\"finish_reason\":null}"u8);
            }

            Note(candidate.Index, candidate.Finish);
        }

        if (hasChoice)
            output.Write("]}\n\n"u8);
    }

    private void BeginChoice(int index, ref bool hasChoice, IBufferWriter<byte> output)
    {
        if (hasChoice)
        {
            output.Write(","u8);
        }
        else
        {
            output.Write("data: "u8);
            output.Write(_head.WrittenSpan);
            output.Write("\"choices\":["u8);
        }

        hasChoice = true;
        output.Write("{\"index\":"u8);
        ChatAnswerWriter.Write(index, output);
        output.Write(",\"delta\":{"u8);
    }

    private void Note(int index, GeminiFinish finish)
    {
        _begun |= 1 << index;
        _finishes[index] = finish is GeminiFinish.None ? _finishes[index] : finish;
    }

    private void WriteEnd(IBufferWriter<byte> output)
    {
        for (var index = 0; index < _finishes.Length; index++)
        {
            if ((_begun & (1 << index)) == 0)
                continue;
            output.Write("data: "u8);
            output.Write(_head.WrittenSpan);
            output.Write("\"choices\":[{\"index\":"u8);
            ChatAnswerWriter.Write(index, output);
            output.Write((_spoken & (1 << index)) != 0 ? ",\"delta\":{},\"finish_reason\":"u8 : ",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":"u8);
            output.Write(ChatAnswerWriter.ReasonOf(_finishes[index], (_called & (1 << index)) != 0));
            output.Write("}]}\n\n"u8);
        }

        if (_response.Usage.IsPresent)
        {
            output.Write("data: "u8);
            output.Write(_head.WrittenSpan);
            output.Write("\"choices\":[],"u8);
            _response.Usage.Write(output);
            output.Write("}\n\n"u8);
        }

        output.Write("data: [DONE]\n\n"u8);
    }
}
