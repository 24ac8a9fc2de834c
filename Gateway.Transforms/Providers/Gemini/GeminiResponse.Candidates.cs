using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>The candidates and their parts.</content>
internal sealed partial class GeminiResponse
{
    private bool TryReadCandidates(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            reader.Skip();
            return true;
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is not JsonTokenType.StartObject || _candidates.Count == MostCandidates || !TryReadCandidate(ref reader))
                return false;
        }

        return true;
    }

    private bool TryReadCandidate(ref Utf8JsonReader reader)
    {
        long? index = null;
        var finish = GeminiFinish.None;
        var firstPart = _parts.Count;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (Is(reader, "content"u8))
            {
                reader.Read();
                ReadContent(ref reader);
            }
            else if (Is(reader, "finishReason"u8))
            {
                reader.Read();
                finish = reader.TokenType is JsonTokenType.String ? FinishOf(reader) : GeminiFinish.None;
                reader.Skip();
            }
            else if (Is(reader, "index"u8))
            {
                reader.Read();
                if (reader.TokenType is not JsonTokenType.Number || !JsonText.TryReadCount(reader.ValueSpan, out var number) || number >= MostCandidates)
                    return false;
                index = number;
            }
            else
            {
                ReadValue(ref reader, out _);
            }
        }

        // A number that is 0 may be left out.
        var place = index ?? 0;
        if (Has(place))
            return false;
        _candidates.Add(new GeminiCandidate((int)place, finish, firstPart, _parts.Count - firstPart));
        return true;
    }

    private bool Has(long index)
    {
        foreach (var candidate in _candidates)
        {
            if (candidate.Index == index)
                return true;
        }

        return false;
    }

    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isParts = Is(reader, "parts"u8);
            reader.Read();
            if (!isParts || reader.TokenType is not JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
            {
                if (reader.TokenType is JsonTokenType.StartObject)
                    ReadPart(ref reader);
                else
                    reader.Skip();
            }
        }
    }

    // Media, code and its results have no word in a chat answer, and nothing asks for them.
    private void ReadPart(ref Utf8JsonReader reader)
    {
        var part = new GeminiPart();
        var isThought = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (Is(reader, "text"u8))
            {
                part.Text = ReadText(ref reader);
            }
            else if (Is(reader, "thought"u8))
            {
                ReadValue(ref reader, out var type);
                isThought = type is JsonTokenType.True;
            }
            else if (Is(reader, "functionCall"u8))
            {
                reader.Read();
                ReadCall(ref reader, ref part);
            }
            else if (Is(reader, "thoughtSignature"u8))
            {
                part.Signature = ReadText(ref reader);
            }
            else
            {
                ReadValue(ref reader, out _);
            }
        }

        part.Kind = part.Name.IsPresent ? GeminiPartKind.Call : isThought ? GeminiPartKind.Thought : GeminiPartKind.Text;

        // Two quotation marks are no text.
        if (part.Kind is GeminiPartKind.Call || part.Text.Length > 2)
            _parts.Add(part);
    }

    private static void ReadCall(ref Utf8JsonReader reader, ref GeminiPart part)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (Is(reader, "name"u8))
            {
                part.Name = ReadText(ref reader);
            }
            else if (Is(reader, "id"u8))
            {
                part.Id = ReadText(ref reader);
            }
            else if (Is(reader, "args"u8))
            {
                var value = ReadValue(ref reader, out var type);
                part.Arguments = type is JsonTokenType.StartObject ? value : default;
            }
            else
            {
                ReadValue(ref reader, out _);
            }
        }
    }

    private static GeminiFinish FinishOf(in Utf8JsonReader reader)
    {
        var reason = reader.ValueSpan;
        return reason.Length switch
        {
            0 => GeminiFinish.None,
            4 when reason.SequenceEqual("SPII"u8) => GeminiFinish.Filtered,
            6 when reason.SequenceEqual("SAFETY"u8) => GeminiFinish.Filtered,
            9 when reason.SequenceEqual("BLOCKLIST"u8) => GeminiFinish.Filtered,
            10 when reason.SequenceEqual("RECITATION"u8) => GeminiFinish.Filtered,
            10 when reason.SequenceEqual("MAX_TOKENS"u8) => GeminiFinish.Length,
            18 when reason.SequenceEqual("PROHIBITED_CONTENT"u8) => GeminiFinish.Filtered,
            25 when reason.SequenceEqual("FINISH_REASON_UNSPECIFIED"u8) => GeminiFinish.None,
            _ => GeminiFinish.Stop,
        };
    }
}
