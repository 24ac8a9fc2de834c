using System.Buffers;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Gemini's <c>usageMetadata</c>, and how OpenAI's <c>usage</c> says the same. Unit: tokens; what is no count is -1.</summary>
/// <remarks>
/// <c>promptTokenCount</c> holds the cached part; thoughts stand beside <c>candidatesTokenCount</c>, and results of tools beside the prompt:
/// https://ai.google.dev/api/generate-content#UsageMetadata. A count of 0 may be left out.
/// </remarks>
internal struct GeminiUsage
{
    private long? _prompt;
    private long? _cached;
    private long? _toolPrompt;
    private long? _candidates;
    private long? _thoughts;

    /// <summary>Whether any was read.</summary>
    public bool IsPresent { get; private set; }

    /// <summary>Reads on from the value's first token to its last; a count that is not there stays what it was, for counts of a stream only grow.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.Null)
            return;

        IsPresent = true;
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            _prompt = _candidates = UsageNumber.NoCount;
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            if (name.SequenceEqual("promptTokenCount"u8))
                Count(ref reader, ref _prompt);
            else if (name.SequenceEqual("candidatesTokenCount"u8))
                Count(ref reader, ref _candidates);
            else if (name.SequenceEqual("thoughtsTokenCount"u8))
                Count(ref reader, ref _thoughts);
            else if (name.SequenceEqual("cachedContentTokenCount"u8))
                Count(ref reader, ref _cached);
            else if (name.SequenceEqual("toolUsePromptTokenCount"u8))
                Count(ref reader, ref _toolPrompt);
            else
                reader.Skip();
        }
    }

    /// <summary>Writes <c>"usage":{…}</c>.</summary>
    public readonly void Write(IBufferWriter<byte> output)
    {
        // A prompt has tokens: a count that never came is none.
        var prompt = Sum(_prompt ?? UsageNumber.NoCount, _toolPrompt ?? 0);
        var completion = Sum(_candidates ?? 0, _thoughts ?? 0);
        output.Write("\"usage\":{\"prompt_tokens\":"u8);
        ChatAnswerWriter.Write(prompt, output);
        output.Write(",\"completion_tokens\":"u8);
        ChatAnswerWriter.Write(completion, output);
        output.Write(",\"total_tokens\":"u8);
        ChatAnswerWriter.Write(Sum(prompt, completion), output);
        output.Write(",\"prompt_tokens_details\":{\"cached_tokens\":"u8);
        ChatAnswerWriter.Write(_cached ?? 0, output);
        output.Write("},\"completion_tokens_details\":{\"reasoning_tokens\":"u8);
        ChatAnswerWriter.Write(_thoughts ?? 0, output);
        output.Write("}}"u8);
    }

    private static long Sum(long one, long other) => one < 0 || other < 0 || one > long.MaxValue - other ? UsageNumber.NoCount : one + other;

    private static void Count(ref Utf8JsonReader reader, ref long? target)
    {
        if (UsageNumber.TryRead(ref reader, out var value))
            target = value;
    }
}
