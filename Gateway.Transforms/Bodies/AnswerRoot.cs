using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>Where the members of one object of an answer stand: the root of a body or an event, or the answer inside of an event. One pass, nothing decoded.</summary>
internal struct AnswerRoot
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    /// <summary>What kind of event it is.</summary>
    public ByteRange Type { get; private set; }

    /// <summary>What a stream's event adds.</summary>
    public ByteRange Delta { get; private set; }

    /// <summary>The answer so far, inside of an event.</summary>
    public ByteRange Response { get; private set; }

    /// <summary>One item of the answer, inside of an event.</summary>
    public ByteRange Item { get; private set; }

    public ByteRange Status { get; private set; }

    /// <summary>What was made: <c>output</c>, <c>data</c> or <c>results</c>.</summary>
    public ByteRange Output { get; private set; }

    public ByteRange Text { get; private set; }

    /// <summary>Sound or an image in base64: <c>audio</c> or <c>b64_json</c>.</summary>
    public ByteRange Binary { get; private set; }

    public ByteRange Duration { get; private set; }

    /// <summary>Reads an object; false if the bytes are not one.</summary>
    /// <param name="json">The whole payload.</param>
    /// <param name="at">Where the object stands in it.</param>
    /// <param name="root">Its members.</param>
    /// <param name="facts">Receives usage, model, id, error and the place of the closing brace.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, ByteRange at, out AnswerRoot root, ref AnswerFacts facts)
    {
        root = default;
        try
        {
            var reader = new Utf8JsonReader(at.Of(json), Options);
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return false;

            var members = 0;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                root.ReadMember(ref reader, at.Offset, ref facts);
                members++;
            }

            facts.RootClose = at.Offset + (int)reader.TokenStartIndex;
            facts.RootIsEmpty = members == 0;
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads the root of a payload.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, out AnswerRoot root, out AnswerFacts facts)
    {
        facts = new AnswerFacts { ChoicesEmpty = true };
        return TryRead(json, new ByteRange(0, json.Length), out root, ref facts);
    }

    /// <summary>Whether a value is the string <paramref name="text"/>, written without escapes.</summary>
    public static bool Is(ReadOnlySpan<byte> json, ByteRange value, ReadOnlySpan<byte> text) =>
        value.Length == text.Length + 2 && json[value.Offset] == (byte)'"' && json.Slice(value.Offset + 1, text.Length).SequenceEqual(text);

    /// <summary>The raw text of a string without its quotes; empty if the value is none.</summary>
    public static ReadOnlySpan<byte> RawText(ReadOnlySpan<byte> json, ByteRange value) =>
        value.Length > 2 && json[value.Offset] == (byte)'"' ? json.Slice(value.Offset + 1, value.Length - 2) : default;

    private void ReadMember(ref Utf8JsonReader reader, int offset, ref AnswerFacts facts)
    {
        var key = reader.ValueSpan;
        var isUsage = key.SequenceEqual("usage"u8);
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var type = reader.TokenType;
        if (isUsage && type is JsonTokenType.StartObject)
        {
            facts.Tokens = UsageReader.Read(ref reader, out var usage);
            facts.UsageIsEmpty = usage.IsEmpty;
            facts.UsageNamesOurs = usage.NamesOurs;
        }
        else
        {
            reader.Skip();
        }

        var value = ByteRange.Between(offset + start, offset + (int)reader.BytesConsumed);
        if (isUsage)
        {
            facts.UsageValue = value;
            facts.UsageIsNull = type is not JsonTokenType.StartObject;
        }
        else
        {
            Keep(key, type, value, ref facts);
        }
    }

    private void Keep(ReadOnlySpan<byte> key, JsonTokenType type, ByteRange value, ref AnswerFacts facts)
    {
        switch (key.Length)
        {
            case 2 when type is JsonTokenType.String && key.SequenceEqual("id"u8):
                facts.Id = value;
                break;
            case 4 when key.SequenceEqual("type"u8):
                Type = value;
                break;
            case 4 when key.SequenceEqual("item"u8):
                Item = value;
                break;
            case 4 when type is JsonTokenType.String && key.SequenceEqual("text"u8):
                Text = value;
                break;
            case 4 when type is JsonTokenType.StartArray && key.SequenceEqual("data"u8):
            case 6 when type is JsonTokenType.StartArray && key.SequenceEqual("output"u8):
            case 7 when type is JsonTokenType.StartArray && key.SequenceEqual("results"u8):
                Output = value;
                break;
            case 5 when type is JsonTokenType.String && key.SequenceEqual("delta"u8):
                Delta = value;
                break;
            case 5 when type is JsonTokenType.String && key.SequenceEqual("model"u8):
                facts.Model = value;
                break;
            case 5 when type is not JsonTokenType.Null && key.SequenceEqual("error"u8):
                facts.HasError = true;
                facts.Error = value;
                break;
            case 5 when type is JsonTokenType.String && key.SequenceEqual("audio"u8):
            case 8 when type is JsonTokenType.String && key.SequenceEqual("b64_json"u8):
                Binary = value;
                break;
            case 6 when key.SequenceEqual("status"u8):
                Status = value;
                break;
            case 8 when key.SequenceEqual("response"u8):
                Response = value;
                break;
            case 8 when key.SequenceEqual("duration"u8):
                Duration = value;
                break;
        }
    }
}
