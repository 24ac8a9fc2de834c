using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>What Anthropic says of usage, put together from one object or from several of a stream. Unit: tokens.</summary>
/// <remarks>
/// Cached tokens stand outside <c>input_tokens</c>, and in a stream the numbers are cumulative: a later one replaces an earlier one, a null does not.
/// https://platform.claude.com/docs/en/build-with-claude/prompt-caching and https://platform.claude.com/docs/en/build-with-claude/streaming
/// </remarks>
internal struct MessagesUsage
{
    private long _input = UsageNumber.Absent;
    private long _cacheRead = UsageNumber.Absent;
    private long _cacheWrite = UsageNumber.Absent;
    private long _output = UsageNumber.Absent;
    private long _thinking = UsageNumber.Absent;

    public MessagesUsage()
    {
    }

    /// <summary>Whether <c>input_tokens</c> was there.</summary>
    public readonly bool HasInput => _input is not UsageNumber.Absent;

    /// <summary>Reads on from a usage object's opening brace to its closing brace.</summary>
    public void Read(ref Utf8JsonReader reader, out bool isEmpty)
    {
        isEmpty = true;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            isEmpty = false;
            ReadMember(ref reader);
        }
    }

    /// <summary>The numbers in OpenAI's sense, cached ones inside of input. What is no count, or does not add up to one, is -1: never 0.</summary>
    public readonly UsageTokens Tokens() =>
        new(Sum(UsageNumber.Required(_input), UsageNumber.Optional(_cacheRead), UsageNumber.Optional(_cacheWrite)), UsageNumber.Optional(_cacheRead), UsageNumber.Optional(_cacheWrite), UsageNumber.Required(_output), UsageNumber.Optional(_thinking));

    private static long Sum(long input, long cacheRead, long cacheWrite)
    {
        var sum = (Int128)input + cacheRead + cacheWrite;
        return input < 0 || cacheRead < 0 || cacheWrite < 0 || sum > long.MaxValue ? UsageNumber.NoCount : (long)sum;
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        var key = reader.ValueSpan;
        switch (key.Length)
        {
            case 12 when key.SequenceEqual("input_tokens"u8):
                Count(ref reader, ref _input);
                break;
            case 13 when key.SequenceEqual("output_tokens"u8):
                Count(ref reader, ref _output);
                break;
            case 21 when key.SequenceEqual("output_tokens_details"u8):
                ReadDetails(ref reader);
                break;
            case 23 when key.SequenceEqual("cache_read_input_tokens"u8):
                Count(ref reader, ref _cacheRead);
                break;
            case 27 when key.SequenceEqual("cache_creation_input_tokens"u8):
                Count(ref reader, ref _cacheWrite);
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private void ReadDetails(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueSpan.SequenceEqual("thinking_tokens"u8))
                Count(ref reader, ref _thinking);
            else
                reader.Skip();
        }
    }

    private static void Count(ref Utf8JsonReader reader, ref long target)
    {
        if (UsageNumber.TryRead(ref reader, out var value))
            target = value;
    }
}
