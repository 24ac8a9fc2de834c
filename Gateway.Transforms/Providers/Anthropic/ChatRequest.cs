using System.Buffers;
using System.Buffers.Text;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>A request of chat completions, and how Anthropic is asked for the same.</summary>
internal ref struct ChatRequest
{
    private readonly RequestIndex _index;
    private readonly JsonPiece _messages;
    private readonly JsonPiece _thinking;
    private readonly JsonPiece _temperature;
    private readonly JsonPiece _topP;
    private readonly JsonPiece _stop;
    private readonly JsonPiece _user;
    private readonly JsonPiece _format;
    private readonly JsonPiece _logProbabilities;
    private readonly JsonPiece _topLogProbabilities;
    private readonly JsonPiece _audio;
    private readonly JsonPiece _modalities;
    private readonly JsonPiece _logitBias;
    private readonly JsonPiece _webSearch;
    private readonly ChatTools _tools = new();

    /// <param name="index">The request.</param>
    /// <param name="body">Its bytes.</param>
    public ChatRequest(RequestIndex index, ReadOnlySpan<byte> body)
    {
        _index = index;
        var members = new JsonMembers(body);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("messages"u8)) _messages = value;
            else if (name.SequenceEqual("thinking"u8)) _thinking = value;
            else if (name.SequenceEqual("temperature"u8)) _temperature = value;
            else if (name.SequenceEqual("top_p"u8)) _topP = value;
            else if (name.SequenceEqual("stop"u8)) _stop = value;
            else if (name.SequenceEqual("user"u8)) _user = value;
            else if (name.SequenceEqual("response_format"u8)) _format = value;
            else if (name.SequenceEqual("logprobs"u8)) _logProbabilities = value;
            else if (name.SequenceEqual("top_logprobs"u8)) _topLogProbabilities = value;
            else if (name.SequenceEqual("audio"u8)) _audio = value;
            else if (name.SequenceEqual("modalities"u8)) _modalities = value;
            else if (name.SequenceEqual("logit_bias"u8)) _logitBias = value;
            else if (name.SequenceEqual("web_search_options"u8)) _webSearch = value;
            else _tools.Take(name, value);
        }
    }

    /// <summary>What Anthropic has no word for.</summary>
    public readonly BodyError Refuse()
    {
        if (_index.N > 1)
            return Refusal.Of("n", "n must be 1: this model's provider gives one answer to a call.");
        if (_logProbabilities.IsTrue)
            return Refusal.Of("logprobs", "logprobs must be left out: this model's provider has no log probabilities.");
        if (_topLogProbabilities.IsPresent && !_topLogProbabilities.Raw.SequenceEqual("0"u8))
            return Refusal.Of("top_logprobs", "top_logprobs must be left out: this model's provider has no log probabilities.");
        if (_audio.IsPresent)
            return Refusal.Of("audio", "audio must be left out: this model's provider answers in text.");
        if (_logitBias.IsPresent && !(_logitBias.IsObject && IsEmpty(_logitBias)))
            return Refusal.Of("logit_bias", "logit_bias must be left out: this model's provider does not take it.");
        if (_webSearch.IsPresent)
            return Refusal.Of("web_search_options", "web_search_options must be left out: this model's provider does not take it.");

        var modalities = new JsonElements(_modalities);
        while (modalities.Next())
        {
            if (!modalities.Value.Is("text"u8))
                return Refusal.Of("modalities", "modalities must be left out or [\"text\"]: this model's provider answers in text.");
        }

        return Refusal.None;
    }

    /// <summary>Writes the request, or says what cannot be written.</summary>
    public readonly BodyError Write(in TranslationTarget target, IBufferWriter<byte> output)
    {
        output.Write("{\"model\":"u8);
        output.WriteText(target.UpstreamModel);
        output.Write(",\"max_tokens\":"u8);
        output.WriteCount(Limit(target));
        if (target.Stream)
            output.Write(",\"stream\":true"u8);

        var error = WriteSampling(output);
        error = error.IsRefused() ? error : WriteFormat(output);
        error = error.IsRefused() ? error : _tools.Write(output);
        error = error.IsRefused() ? error : ChatConversation.Write(_messages, output);
        if (_user.HasText)
        {
            output.Write(",\"metadata\":{\"user_id\":"u8);
            output.Write(_user.Raw);
            output.Write("}"u8);
        }

        if (_thinking.IsObject)
        {
            output.Write(",\"thinking\":"u8);
            output.Write(_thinking.Raw);
        }

        output.Write("}"u8);
        return error;
    }

    private static bool IsEmpty(JsonPiece value)
    {
        var members = new JsonMembers(value);
        return !members.Next();
    }

    // Anthropic demands a limit.
    private readonly long Limit(in TranslationTarget target)
    {
        var asked = Math.Min(_index.MaxTokens ?? long.MaxValue, _index.MaxCompletionTokens ?? long.MaxValue);
        var limit = Math.Min(asked, target.OutputLimit ?? long.MaxValue);
        return limit == long.MaxValue ? target.DefaultOutputLimit : limit;
    }

    private readonly BodyError WriteSampling(IBufferWriter<byte> output)
    {
        if (_temperature.IsPresent)
        {
            if (!_temperature.IsNumber || !Utf8Parser.TryParse(_temperature.Raw, out double temperature, out var read) || read != _temperature.Raw.Length)
                return Refusal.Shape("temperature", "temperature must be a number", _temperature);

            // OpenAI's goes to 2, Anthropic's to 1: its own layer for OpenAI's SDKs takes 1 for what is above.
            output.Write(",\"temperature\":"u8);
            output.Write(temperature > 1 ? "1"u8 : _temperature.Raw);
        }

        if (_topP.IsPresent)
        {
            if (!_topP.IsNumber)
                return Refusal.Shape("top_p", "top_p must be a number", _topP);
            output.Write(",\"top_p\":"u8);
            output.Write(_topP.Raw);
        }

        return WriteStop(output);
    }

    private readonly BodyError WriteStop(IBufferWriter<byte> output)
    {
        if (!_stop.IsPresent)
            return Refusal.None;

        var sequences = new JsonElements(_stop);
        while (sequences.Next())
        {
            if (!sequences.Value.IsText)
                return Refusal.Shape("stop", "stop must be a string or an array of strings", _stop);
        }

        if (!_stop.IsText && !_stop.IsArray)
            return Refusal.Shape("stop", "stop must be a string or an array of strings", _stop);

        output.Write(_stop.IsText ? ",\"stop_sequences\":["u8 : ",\"stop_sequences\":"u8);
        output.Write(_stop.Raw);
        output.Write(_stop.IsText ? "]"u8 : default);
        return Refusal.None;
    }

    // https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    private readonly BodyError WriteFormat(IBufferWriter<byte> output)
    {
        if (!_format.IsPresent || _format.Member("type"u8).Is("text"u8))
            return Refusal.None;
        if (!_format.Member("type"u8).Is("json_schema"u8))
            return Refusal.Of("response_format", "response_format must be of type text or json_schema: this model's provider keeps to a schema or to none.");
        var schema = _format.Member("json_schema"u8).Member("schema"u8);
        if (!schema.IsObject)
            return Refusal.Of("response_format", "response_format.json_schema.schema must be an object: this model's provider demands it.");

        output.Write(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":"u8);
        output.Write(schema.Raw);
        output.Write("}}"u8);
        return Refusal.None;
    }
}
