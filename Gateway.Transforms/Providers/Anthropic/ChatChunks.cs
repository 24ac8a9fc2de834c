using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Anthropic's stream as chunks of a chat completion: https://platform.claude.com/docs/en/build-with-claude/streaming.</summary>
/// <remarks>Thinking comes as <c>reasoning_content</c>. Signatures, citations and what the provider's own tools do have no word in chunks.</remarks>
internal sealed class ChatChunks(TranslationTarget target) : EventTranslator
{
    // Every chunk begins alike, up to the value of its choices.
    private readonly PooledBuffer _head = new(256);
    private MessagesUsage _usage = new();
    private bool _hasUsage;
    private bool _isFinished;
    private int _call = -1;
    private bool _isInCall;
    private bool _callHasInput;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _head.Dispose();
    }

    /// <inheritdoc/>
    protected override bool TryTakeEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, IBufferWriter<byte> output)
    {
        JsonPiece type = default, part = default, message = default, usage = default, error = default;
        var members = new JsonMembers(data);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("type"u8)) type = value;
            else if (name.SequenceEqual("delta"u8) || name.SequenceEqual("content_block"u8)) part = value;
            else if (name.SequenceEqual("message"u8)) message = value;
            else if (name.SequenceEqual("usage"u8)) usage = value;
            else if (name.SequenceEqual("error"u8)) error = value;
        }

        if (type.Is("content_block_delta"u8))
            TakeDelta(part, output);
        else if (type.Is("message_start"u8))
            TakeStart(message, output);
        else if (type.Is("content_block_start"u8))
            TakeBlock(part, output);
        else if (type.Is("content_block_stop"u8))
            EndBlock(output);
        else if (type.Is("message_delta"u8))
            TakeEnd(part, usage, output);
        else if (type.Is("message_stop"u8))
            Stop(output);
        else if (type.Is("error"u8))
            TakeError(error, output);
        else if (type.Is("ping"u8))
            output.Write(": ping\n\n"u8);

        // A type that came later than this is passed over, as Anthropic asks its clients to.
        return members.IsObject && type.IsText;
    }

    /// <inheritdoc/>
    protected override void TakeComment(IBufferWriter<byte> output) => output.Write(": ping\n\n"u8);

    // All was said but message_stop: the usage is the upstream's own, and [DONE] is not.
    protected override void BreakOff(IBufferWriter<byte> output)
    {
        if (_isFinished)
            WriteUsage(output);
    }

    private void TakeStart(JsonPiece message, IBufferWriter<byte> output)
    {
        if (_head.Length > 0)
            return;

        ChatAnswer.WriteHead("chat.completion.chunk"u8, message.Member("id"u8), message.Member("model"u8), target, _head);
        Count(message.Member("usage"u8));
        Begin(output);
        output.Write("\"role\":\"assistant\",\"content\":\"\""u8);
        End(output);
    }

    private void TakeBlock(JsonPiece block, IBufferWriter<byte> output)
    {
        _isInCall = block.Member("type"u8).Is("tool_use"u8);
        if (!_isInCall)
        {
            // Most begin empty.
            TakeDelta(block, output);
            return;
        }

        var input = block.Member("input"u8);
        _callHasInput = input.IsObject && input.Raw.Length > "{}".Length;
        Begin(output);
        output.Write("\"tool_calls\":[{\"index\":"u8);
        output.WriteCount(++_call);
        output.Write(",\"id\":"u8);
        ChatAnswer.WriteCallName(block, output);
        output.Write(",\"arguments\":\""u8);
        output.WriteEscaped(_callHasInput ? input.Raw : default);
        output.Write("\"}}]"u8);
        End(output);
    }

    private void TakeDelta(JsonPiece delta, IBufferWriter<byte> output)
    {
        var members = new JsonMembers(delta);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (!value.HasText)
                continue;
            if (name.SequenceEqual("text"u8))
                WriteDelta("\"content\":"u8, value.Raw, output);
            else if (name.SequenceEqual("thinking"u8))
                WriteDelta("\"reasoning_content\":"u8, value.Raw, output);
            else if (_isInCall && name.SequenceEqual("partial_json"u8))
                WriteInput(value.Raw, output);
        }
    }

    // A call without arguments gets none from Anthropic; OpenAI's clients parse what they get.
    private void EndBlock(IBufferWriter<byte> output)
    {
        if (_isInCall && !_callHasInput)
            WriteInput("\"{}\""u8, output);
        _isInCall = false;
    }

    private void WriteInput(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        _callHasInput = true;
        Begin(output);
        output.Write("\"tool_calls\":[{\"index\":"u8);
        output.WriteCount(_call);
        output.Write(",\"function\":{\"arguments\":"u8);
        output.Write(json);
        output.Write("}}]"u8);
        End(output);
    }

    private void TakeEnd(JsonPiece delta, JsonPiece usage, IBufferWriter<byte> output)
    {
        Count(usage);
        var reason = delta.Member("stop_reason"u8);
        if (!reason.IsText || _isFinished)
            return;

        _isFinished = true;
        Begin(output);
        output.Write("},\"logprobs\":null,\"finish_reason\":\""u8);
        output.Write(StopReasons.ToChat(reason));
        output.Write("\"}]}\n\n"u8);
    }

    private void Stop(IBufferWriter<byte> output)
    {
        WriteUsage(output);
        output.Write("data: [DONE]\n\n"u8);
        IsOver = true;
    }

    private void TakeError(JsonPiece error, IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        ChatAnswer.WriteError(error, isStatus: false, output);
        output.Write("\n\n"u8);
        IsOver = true;
    }

    private void Count(JsonPiece usage)
    {
        if (!usage.IsObject)
            return;

        ChatAnswer.ReadUsage(usage, ref _usage);
        _hasUsage = true;
    }

    private void WriteUsage(IBufferWriter<byte> output)
    {
        if (!_hasUsage)
            return;

        WriteHead(output);
        output.Write("[],\"usage\":"u8);
        ChatAnswer.WriteUsage(_usage.Tokens(), output);
        output.Write("}\n\n"u8);
    }

    private void WriteDelta(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        Begin(output);
        output.Write(name);
        output.Write(value);
        End(output);
    }

    private void Begin(IBufferWriter<byte> output)
    {
        WriteHead(output);
        output.Write("[{\"index\":0,\"delta\":{"u8);
    }

    private static void End(IBufferWriter<byte> output) => output.Write("},\"logprobs\":null,\"finish_reason\":null}]}\n\n"u8);

    // A stream that does not begin as it should gets the names that the gateway knows.
    private void WriteHead(IBufferWriter<byte> output)
    {
        if (_head.Length == 0)
            ChatAnswer.WriteHead("chat.completion.chunk"u8, default, default, target, _head);

        output.Write("data: "u8);
        output.Write(_head.WrittenSpan);
    }
}
