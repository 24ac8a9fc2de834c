using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>What an OpenAI <c>usage</c> object says. Unit: tokens. A number that cannot be one (text, negative, fraction, overflow) is -1.</summary>
/// <param name="Input">All prompt tokens, cached ones included.</param>
/// <param name="CachedInput">Prompt tokens read from upstream's cache.</param>
/// <param name="CacheWrite">Prompt tokens written to upstream's cache.</param>
/// <param name="Output">All completion tokens, reasoning included.</param>
/// <param name="Reasoning">Completion tokens spent on reasoning.</param>
public readonly record struct UsageTokens(long Input, long CachedInput, long CacheWrite, long Output, long Reasoning)
{
    /// <summary>True if the numbers are counts and the parts fit their wholes: cached and cache-write within input, reasoning within output.</summary>
    public bool IsSound =>
        Input >= 0 && CachedInput >= 0 && CacheWrite >= 0 && Output >= 0 && Reasoning >= 0
        && CachedInput <= Input && CacheWrite <= Input - CachedInput && Reasoning <= Output;
}

/// <summary>What else is known of a usage object.</summary>
/// <param name="IsEmpty">True if it has no member.</param>
/// <param name="NamesOurs">True if it has a member of a name that the gateway adds.</param>
internal readonly record struct UsageNotes(bool IsEmpty, bool NamesOurs);

/// <summary>Reads a usage object.</summary>
/// <remarks>
/// Names: https://platform.openai.com/docs/api-reference/chat/object, https://platform.openai.com/docs/api-reference/responses/object and
/// https://api-docs.deepseek.com/guides/kv_cache. Output holds the reasoning, as OpenAI says it; xAI counts it beside the completion and in the total
/// (https://docs.x.ai/docs/key-information/consumption-and-rate-limits). A total that no documented number explains is not charged.
/// </remarks>
internal ref struct UsageReader
{
    private long _input = UsageNumber.Absent;
    private long _output = UsageNumber.Absent;
    private long _total = UsageNumber.Absent;
    private long _cached = UsageNumber.Absent;
    private long _cacheHits = UsageNumber.Absent;
    private long _cacheWrite = UsageNumber.Absent;
    private long _reasoning = UsageNumber.Absent;
    private bool _namesOurs;

    public UsageReader()
    {
    }

    /// <summary>Reads on from the usage object's opening brace to its closing brace.</summary>
    public static UsageTokens Read(ref Utf8JsonReader reader, out UsageNotes notes)
    {
        var usage = new UsageReader();
        var isEmpty = true;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            isEmpty = false;
            usage.ReadMember(ref reader);
        }

        notes = new UsageNotes(isEmpty, usage._namesOurs);
        return usage.Tokens();
    }

    private readonly UsageTokens Tokens()
    {
        // Embeddings have no output: their total is their input.
        var output = _output is UsageNumber.Absent && _input >= 0 && _total == _input ? 0 : _output;
        var cached = _cached is UsageNumber.Absent ? _cacheHits : _cached;
        return new UsageTokens(UsageNumber.Required(_input), UsageNumber.Optional(cached), UsageNumber.Optional(_cacheWrite), UsageNumber.Required(output) + BesideOutput(), UsageNumber.Optional(_reasoning));
    }

    private readonly long BesideOutput()
    {
        if (_input < 0 || _output < 0 || _total < 0 || _total - _input <= _output)
            return 0;

        // A total that nothing explains is no reason to charge more.
        var beside = _total - _input - _output;
        return beside == _reasoning ? beside : 0;
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        var key = reader.ValueSpan;
        switch (key.Length)
        {
            case 12 when key.SequenceEqual("total_tokens"u8):
                Count(ref reader, ref _total);
                break;
            case 12 when key.SequenceEqual("input_tokens"u8):
                Count(ref reader, ref _input);
                break;
            case 13 when key.SequenceEqual("output_tokens"u8):
                Count(ref reader, ref _output);
                break;
            case 13 when key.SequenceEqual("prompt_tokens"u8):
                Count(ref reader, ref _input);
                break;
            case 17 when key.SequenceEqual("completion_tokens"u8):
                Count(ref reader, ref _output);
                break;
            case 21 when key.SequenceEqual("prompt_tokens_details"u8):
            case 25 when key.SequenceEqual("completion_tokens_details"u8):
                ReadDetails(ref reader, isPrompt: key[0] == 'p');
                break;
            case 20 when key.SequenceEqual("input_tokens_details"u8):
            case 21 when key.SequenceEqual("output_tokens_details"u8):
                ReadDetails(ref reader, isPrompt: key[0] == 'i');
                break;
            case 23 when key.SequenceEqual("prompt_cache_hit_tokens"u8):
                Count(ref reader, ref _cacheHits);
                break;
            case 27 when key.SequenceEqual("cache_creation_input_tokens"u8):
                Count(ref reader, ref _cacheWrite);
                break;
            default:
                _namesOurs |= PayloadSplice.IsOurs(key);
                reader.Skip();
                break;
        }
    }

    private void ReadDetails(ref Utf8JsonReader reader, bool isPrompt)
    {
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = reader.ValueSpan;
            if (isPrompt && key.SequenceEqual("cached_tokens"u8))
            {
                Count(ref reader, ref _cached);
            }
            else if (isPrompt && IsCacheWrite(key))
            {
                Count(ref reader, ref _cacheWrite);
            }
            else if (!isPrompt && key.SequenceEqual("reasoning_tokens"u8))
            {
                Count(ref reader, ref _reasoning);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static bool IsCacheWrite(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("cache_creation_tokens"u8) || key.SequenceEqual("cache_write_tokens"u8) || key.SequenceEqual("cache_creation_input_tokens"u8);

    private static void Count(ref Utf8JsonReader reader, ref long target)
    {
        if (UsageNumber.TryRead(ref reader, out var value))
            target = value;
    }
}
