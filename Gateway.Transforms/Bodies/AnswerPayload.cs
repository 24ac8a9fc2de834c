using System.Buffers;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>One pass over a chat completion or chunk: facts, and the output text for those who count tokens themselves.</summary>
internal static partial class AnswerPayload
{
    // Twice the request's: answers carry log probabilities and annotations, and refusing one loses a paid call.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    /// <summary>Reads a payload; false if it is not one JSON object.</summary>
    /// <param name="json">The payload.</param>
    /// <param name="facts">What it says; undefined if false.</param>
    /// <param name="text">Receives the decoded output text of all choices, or null.</param>
    public static bool TryScan(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts = new AnswerFacts { ChoicesEmpty = true };
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            {
                return false;
            }

            ReadRoot(json, ref reader, ref facts, text);
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void ReadRoot(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        var members = 0;
        var previousEnd = 0;
        var usageIsFirst = false;
        var groq = default(AnswerFacts);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var nameStart = (int)reader.TokenStartIndex;
            if (usageIsFirst && members == 1)
            {
                // The comma behind a first member goes with it.
                facts.UsageMember = ByteRange.Between(facts.UsageMember.Offset, nameStart);
            }

            var key = Classify(ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            switch (key)
            {
                case Key.Usage:
                    ReadUsage(ref reader, ref facts, start);
                    usageIsFirst = members == 0;
                    facts.UsageMember = ByteRange.Between(usageIsFirst ? nameStart : previousEnd, (int)reader.BytesConsumed);
                    break;
                case Key.Choices:
                    ReadChoices(ref reader, ref facts, text, json);
                    break;
                case Key.Error:
                    facts.HasError = reader.TokenType is not JsonTokenType.Null;
                    reader.Skip();
                    facts.Error = ByteRange.Between(start, (int)reader.BytesConsumed);
                    break;
                case Key.Id when reader.TokenType is JsonTokenType.String:
                    facts.Id = ByteRange.Between(start, (int)reader.BytesConsumed);
                    break;
                case Key.Groq when reader.TokenType is JsonTokenType.StartObject:
                    ReadGroq(ref reader, ref groq);
                    break;
                case Key.Model when reader.TokenType is JsonTokenType.String:
                    facts.Model = ByteRange.Between(start, (int)reader.BytesConsumed);
                    break;
                default:
                    reader.Skip();
                    break;
            }

            previousEnd = (int)reader.BytesConsumed;
            members++;
        }

        facts.RootClose = (int)reader.TokenStartIndex;
        facts.RootIsEmpty = members == 0;
        if (groq.HasUsage && !facts.HasUsage)
        {
            facts.UsageValue = groq.UsageValue;
            facts.UsageIsNull = false;
            facts.UsageIsEmpty = groq.UsageIsEmpty;
            facts.UsageNamesOurs = groq.UsageNamesOurs;
            facts.Tokens = groq.Tokens;
        }
    }

    // Groq's streams have usage here without being asked: https://github.com/vercel/ai/issues/1651
    private static void ReadGroq(ref Utf8JsonReader reader, ref AnswerFacts facts)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Classify(ref reader);
            reader.Read();
            if (key is Key.Usage)
                ReadUsage(ref reader, ref facts, (int)reader.TokenStartIndex);
            else
                reader.Skip();
        }
    }

    private static void ReadUsage(ref Utf8JsonReader reader, ref AnswerFacts facts, int start)
    {
        facts.UsageIsNull = reader.TokenType is not JsonTokenType.StartObject;
        facts.Tokens = default;
        if (facts.UsageIsNull)
        {
            reader.Skip();
        }
        else
        {
            facts.Tokens = UsageReader.Read(ref reader, out var notes);
            facts.UsageIsEmpty = notes.IsEmpty;
            facts.UsageNamesOurs = notes.NamesOurs;
        }

        facts.UsageValue = ByteRange.Between(start, (int)reader.BytesConsumed);
    }

    private static void ReadChoices(ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text, ReadOnlySpan<byte> json)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        var isFirst = true;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            facts.ChoicesEmpty = false;
            if (reader.TokenType is JsonTokenType.StartObject)
            {
                ReadChoice(ref reader, ref facts, text, json, isFirst);
            }
            else
            {
                reader.Skip();
            }

            isFirst = false;
        }
    }

    private static void ReadChoice(ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text, ReadOnlySpan<byte> json, bool isFirst)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Classify(ref reader);
            reader.Read();
            if (key is Key.Message && reader.TokenType is JsonTokenType.StartObject)
            {
                ReadMessage(ref reader, ref facts, text, json, isFirst);
            }
            else if (key is Key.Text && reader.TokenType is JsonTokenType.String)
            {
                AddText(ref reader, ref facts, text);
            }
            else if (key is Key.FinishReason && reader.TokenType is JsonTokenType.String)
            {
                facts.HasFinishReason |= !reader.ValueSpan.IsEmpty;
                facts.FinishedWithError |= reader.ValueSpan.SequenceEqual("error"u8);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadMessage(ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text, ReadOnlySpan<byte> json, bool isFirst)
    {
        var reasoning = default(ByteRange);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Classify(ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            switch (key)
            {
                case Key.Content:
                    ReadContent(ref reader, ref facts, text);
                    facts.FirstContent = isFirst ? ByteRange.Between(start, (int)reader.BytesConsumed) : facts.FirstContent;
                    break;
                case Key.Reasoning when reader.TokenType is JsonTokenType.String:
                    // Some upstreams send the same text as reasoning and as reasoning_content: it counts once.
                    var value = ByteRange.Between(start, (int)reader.BytesConsumed);
                    var isTwin = reasoning.IsPresent && reasoning.Of(json).SequenceEqual(value.Of(json));
                    AddText(ref reader, ref facts, isTwin ? null : text);
                    reasoning = value;
                    break;
                case Key.Refusal when reader.TokenType is JsonTokenType.String:
                    AddText(ref reader, ref facts, text);
                    break;
                case Key.ToolCalls when reader.TokenType is JsonTokenType.StartArray:
                    ReadCalls(ref reader, ref facts, text);
                    break;
                case Key.Function when reader.TokenType is JsonTokenType.StartObject:
                    facts.HasContent |= ReadCall(ref reader, text);
                    break;
                case Key.Audio when reader.TokenType is JsonTokenType.StartObject:
                    reader.Skip();
                    facts.HasContent |= reader.BytesConsumed - start > "{}".Length;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private static void ReadContent(ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        if (reader.TokenType is JsonTokenType.String)
        {
            AddText(ref reader, ref facts, text);
            return;
        }

        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            facts.HasContent = true;
            if (reader.TokenType is JsonTokenType.StartObject)
            {
                ReadCall(ref reader, text);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadCalls(ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            facts.HasContent = true;
            if (reader.TokenType is JsonTokenType.StartObject)
            {
                ReadCall(ref reader, text);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // A tool call, the function or custom object in it, or a content part: texts under known names, at most one level down.
    private static bool ReadCall(ref Utf8JsonReader reader, IBufferWriter<byte>? text)
    {
        var hasMember = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            hasMember = true;
            var key = Classify(ref reader);
            reader.Read();
            if (key is Key.Function && reader.TokenType is JsonTokenType.StartObject)
            {
                ReadCall(ref reader, text);
            }
            else if (key is Key.CallText or Key.Text or Key.Refusal && reader.TokenType is JsonTokenType.String)
            {
                if (text is not null)
                {
                    JsonText.Append(text, reader.ValueSpan, reader.ValueIsEscaped);
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return hasMember;
    }

    private static void AddText(ref Utf8JsonReader reader, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts.HasContent |= !reader.ValueSpan.IsEmpty;
        if (text is not null)
        {
            JsonText.Append(text, reader.ValueSpan, reader.ValueIsEscaped);
        }
    }
}
