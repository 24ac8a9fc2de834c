using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>The chunks of a chat completion, as the gateway relays them, as Anthropic's events.</summary>
/// <remarks>
/// Chat says what the prompt was at the end only: <c>message_start</c> has <c>input_tokens</c> 0, and <c>message_delta</c> has all numbers, with what the call cost. The SDKs of
/// Anthropic take the later ones.
/// </remarks>
internal sealed class MessagesEvents(TranslationTarget target) : EventTranslator
{
    // OpenAI's own bound on functions in a request.
    private const int MaxCalls = 128;

    // Longer usage is none that the gateway wrote.
    private const int MaxUsageBytes = 64 * 1024;

    private readonly PooledBuffer _usage = new(256);
    private readonly List<int> _blockOfCall = [];
    private Block _open;
    private int _block = -1;
    private bool _hasStarted;
    private byte[]? _stopReason;

    private enum Block
    {
        None,
        Text,
        Thinking,
        Call,
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _usage.Dispose();
    }

    /// <inheritdoc/>
    protected override void TakeComment(IBufferWriter<byte> output) => output.Write("event: ping\ndata: {\"type\": \"ping\"}\n\n"u8);

    /// <inheritdoc/>
    protected override bool TryTakeEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, IBufferWriter<byte> output)
    {
        if (data[0] != '{' && data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            Stop(output);
            return true;
        }

        JsonPiece id = default, model = default, choices = default, usage = default, error = default, message = default;
        var members = new JsonMembers(data);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("choices"u8)) choices = value;
            else if (name.SequenceEqual("id"u8)) id = value;
            else if (name.SequenceEqual("model"u8)) model = value;
            else if (name.SequenceEqual("usage"u8)) usage = value;
            else if (name.SequenceEqual("error"u8)) error = value;
            else if (name.SequenceEqual("message"u8)) message = value;
        }

        if (error.IsPresent || eventName.SequenceEqual("error"u8))
        {
            WriteError(error.IsPresent ? error : message, output);
            return true;
        }

        if (!members.IsObject)
            return false;

        Start(id, model, output);
        if (usage.IsObject && usage.Raw.Length <= MaxUsageBytes)
        {
            _usage.Clear();
            _usage.Write(usage.Raw);
        }

        var all = new JsonElements(choices);
        return !all.Next() || TryTakeChoice(all.Value, output);
    }

    private void Start(JsonPiece id, JsonPiece model, IBufferWriter<byte> output)
    {
        if (_hasStarted)
            return;

        _hasStarted = true;
        output.Write("event: message_start\ndata: {\"type\":\"message_start\",\"message\":"u8);
        MessagesAnswer.WriteHead(id, model, target, output);
        output.Write("[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}}\n\n"u8);
    }

    private bool TryTakeChoice(JsonPiece choice, IBufferWriter<byte> output)
    {
        JsonPiece delta = default, reason = default, content = default, thinking = default, refusal = default, calls = default;
        var choiceMembers = new JsonMembers(choice);
        while (choiceMembers.Next())
        {
            if (choiceMembers.Name.SequenceEqual("delta"u8)) delta = choiceMembers.Value;
            else if (choiceMembers.Name.SequenceEqual("finish_reason"u8)) reason = choiceMembers.Value;
        }

        var members = new JsonMembers(delta);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("content"u8)) content = value;
            else if (name.SequenceEqual("reasoning_content"u8)) thinking = value;
            else if (name.SequenceEqual("reasoning"u8) && !thinking.HasText) thinking = value;
            else if (name.SequenceEqual("refusal"u8)) refusal = value;
            else if (name.SequenceEqual("tool_calls"u8)) calls = value;
        }

        WriteDelta(thinking, Block.Thinking, output);
        WriteDelta(content, Block.Text, output);
        WriteDelta(refusal, Block.Text, output);
        var all = new JsonElements(calls);
        while (all.Next())
        {
            if (!TryTakeCall(all.Value, output))
                return false;
        }

        if (reason.HasText)
        {
            Close(output);
            _stopReason = StopReasons.ToMessages(reason).ToArray();
        }

        return true;
    }

    private void WriteDelta(JsonPiece text, Block kind, IBufferWriter<byte> output)
    {
        if (!text.HasText)
            return;

        var isText = kind is Block.Text;
        if (_open != kind)
        {
            Open(kind, output);
            output.Write(isText ? "{\"type\":\"text\",\"text\":\"\"}}\n\n"u8 : "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"u8);
        }

        BeginDelta(_block, output);
        output.Write(isText ? "{\"type\":\"text_delta\",\"text\":"u8 : "{\"type\":\"thinking_delta\",\"thinking\":"u8);
        output.Write(text.Raw);
        output.Write("}}\n\n"u8);
    }

    // A call that is not known by its index is a new one; some upstreams leave the index out and send each call whole.
    private bool TryTakeCall(JsonPiece call, IBufferWriter<byte> output)
    {
        var function = call.Member("function"u8);
        var id = call.Member("id"u8);
        var index = call.Member("index"u8);
        if (!index.IsNumber || !JsonText.TryReadCount(index.Raw, out var at))
            at = id.HasText || _blockOfCall.Count == 0 ? _blockOfCall.Count : _blockOfCall.Count - 1;
        if (at > _blockOfCall.Count || at >= MaxCalls)
            return false;

        if (at == _blockOfCall.Count)
        {
            Open(Block.Call, output);
            MessagesAnswer.WriteCallHead(id, function.Member("name"u8), _blockOfCall.Count, target, output);
            output.Write("{}}}\n\n"u8);
            _blockOfCall.Add(_block);
        }

        var arguments = function.Member("arguments"u8);
        if (!arguments.HasText)
            return true;

        BeginDelta(_blockOfCall[(int)at], output);
        output.Write("{\"type\":\"input_json_delta\",\"partial_json\":"u8);
        output.Write(arguments.Raw);
        output.Write("}}\n\n"u8);
        return true;
    }

    private void Open(Block kind, IBufferWriter<byte> output)
    {
        Close(output);
        _open = kind;
        output.Write("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"u8);
        output.WriteCount(++_block);
        output.Write(",\"content_block\":"u8);
    }

    private void Close(IBufferWriter<byte> output)
    {
        if (_open is Block.None)
            return;

        _open = Block.None;
        output.Write("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"u8);
        output.WriteCount(_block);
        output.Write("}\n\n"u8);
    }

    private static void BeginDelta(int block, IBufferWriter<byte> output)
    {
        output.Write("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        output.WriteCount(block);
        output.Write(",\"delta\":"u8);
    }

    private void Stop(IBufferWriter<byte> output)
    {
        IsOver = true;
        Start(default, default, output);
        Close(output);
        output.Write("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\""u8);
        output.Write(_stopReason ?? "end_turn"u8);
        output.Write("\",\"stop_sequence\":null},\"usage\":"u8);
        MessagesAnswer.WriteUsage(new JsonPiece(_usage.WrittenSpan, _usage.Length > 0 ? System.Text.Json.JsonTokenType.StartObject : default), output);
        output.Write("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
    }

    private void WriteError(JsonPiece error, IBufferWriter<byte> output)
    {
        IsOver = true;
        output.Write("event: error\ndata: "u8);
        MessagesError.Write(MessagesError.TypeOf(error.Member("type"u8)), error, output);
        output.Write("\n\n"u8);
    }
}
