using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>A request of Anthropic's messages, and how an upstream of chat completions is asked for the same.</summary>
internal ref struct MessagesRequest
{
    // OpenAI takes no longer one; it is for the provider's own statistics.
    private const int LongestUser = 64;

    private readonly RequestIndex _index;
    private readonly JsonPiece _system;
    private readonly JsonPiece _messages;
    private readonly JsonPiece _tools;
    private readonly JsonPiece _choice;
    private readonly JsonPiece _stop;
    private readonly JsonPiece _temperature;
    private readonly JsonPiece _topP;
    private readonly JsonPiece _metadata;
    private readonly JsonPiece _outputConfig;
    private readonly JsonPiece _servers;
    private readonly JsonPiece _container;

    /// <param name="index">The request.</param>
    /// <param name="body">Its bytes.</param>
    public MessagesRequest(RequestIndex index, ReadOnlySpan<byte> body)
    {
        _index = index;
        var members = new JsonMembers(body);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("system"u8)) _system = value;
            else if (name.SequenceEqual("messages"u8)) _messages = value;
            else if (name.SequenceEqual("tools"u8)) _tools = value;
            else if (name.SequenceEqual("tool_choice"u8)) _choice = value;
            else if (name.SequenceEqual("stop_sequences"u8)) _stop = value;
            else if (name.SequenceEqual("temperature"u8)) _temperature = value;
            else if (name.SequenceEqual("top_p"u8)) _topP = value;
            else if (name.SequenceEqual("metadata"u8)) _metadata = value;
            else if (name.SequenceEqual("output_config"u8)) _outputConfig = value;
            else if (name.SequenceEqual("mcp_servers"u8)) _servers = value;
            else if (name.SequenceEqual("container"u8)) _container = value;
        }
    }

    /// <summary>Writes the request, or says what cannot be written.</summary>
    public readonly BodyError Write(in TranslationTarget target, IBufferWriter<byte> output)
    {
        if (_servers.IsArray && new JsonElements(_servers).Next())
            return Refusal.Of("mcp_servers", "mcp_servers must be left out: this model's provider does not call them.");
        if (_container.IsPresent)
            return Refusal.Of("container", "container must be left out: this model's provider has none.");

        output.Write("{\"model\":"u8);
        output.WriteText(target.UpstreamModel);
        WriteLimit(target, output);
        if (target.Stream)
            output.Write(target.StreamOptions ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"u8 : ",\"stream\":true"u8);

        var error = WriteNumber("temperature", ",\"temperature\":"u8, _temperature, output);
        error = error.IsRefused() ? error : WriteNumber("top_p", ",\"top_p\":"u8, _topP, output);
        error = error.IsRefused() ? error : WriteStop(output);
        error = error.IsRefused() ? error : WriteFormat(output);
        error = error.IsRefused() ? error : MessagesTools.Write(_tools, _choice, output);
        error = error.IsRefused() ? error : MessagesConversation.Write(_system, _messages, output);
        var user = _metadata.Member("user_id"u8);
        if (user.HasText && user.Inner.Length <= LongestUser)
        {
            output.Write(",\"user\":"u8);
            output.Write(user.Raw);
        }

        output.Write("}"u8);
        return error;
    }

    private readonly void WriteLimit(in TranslationTarget target, IBufferWriter<byte> output)
    {
        var limit = Math.Min(_index.MaxTokens ?? long.MaxValue, target.OutputLimit ?? long.MaxValue);
        if (limit == long.MaxValue)
            return;

        output.Write(target.LimitField is OutputLimitField.MaxTokens ? ",\"max_tokens\":"u8 : ",\"max_completion_tokens\":"u8);
        output.WriteCount(limit);
    }

    private static BodyError WriteNumber(string field, ReadOnlySpan<byte> name, JsonPiece number, IBufferWriter<byte> output)
    {
        if (!number.IsPresent)
            return Refusal.None;
        if (!number.IsNumber)
            return Refusal.Shape(field, $"{field} must be a number", number);

        output.Write(name);
        output.Write(number.Raw);
        return Refusal.None;
    }

    private readonly BodyError WriteStop(IBufferWriter<byte> output)
    {
        var count = 0;
        var sequences = new JsonElements(_stop);
        while (sequences.Next())
        {
            if (!sequences.Value.IsText)
                return Refusal.Shape("stop_sequences", "stop_sequences must be an array of strings", _stop);
            count++;
        }

        if (count == 0)
            return _stop.IsPresent && !_stop.IsArray ? Refusal.Shape("stop_sequences", "stop_sequences must be an array of strings", _stop) : Refusal.None;

        output.Write(",\"stop\":"u8);
        output.Write(_stop.Raw);
        return Refusal.None;
    }

    // https://platform.openai.com/docs/guides/structured-outputs demands a name.
    private readonly BodyError WriteFormat(IBufferWriter<byte> output)
    {
        var format = _outputConfig.Member("format"u8);
        if (!format.IsPresent)
            return Refusal.None;
        var schema = format.Member("schema"u8);
        if (!format.Member("type"u8).Is("json_schema"u8) || !schema.IsObject)
            return Refusal.Shape("output_config", "output_config.format must be of type json_schema and have a schema", format);

        output.Write(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":"u8);
        output.Write(schema.Raw);
        output.Write("}}"u8);
        return Refusal.None;
    }
}
