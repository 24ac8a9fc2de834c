using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Embeddings, answered by Gemini's <c>batchEmbedContents</c>: https://ai.google.dev/api/embeddings. Gemini says no tokens: who charges counts.</summary>
/// <remarks>OpenAI's SDKs ask for base64 and read what they asked for, so there is a translation for each: <see cref="For"/>.</remarks>
public sealed class EmbeddingOverGemini : ApiTranslation
{
    // As many as OpenAI takes; the Gemini API takes 100 and says so itself.
    private const int MostInputs = 2_048;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    private readonly bool _isBase64;

    private EmbeddingOverGemini(bool isBase64) => _isBase64 = isBase64;

    /// <summary>Answers with arrays of numbers, as they are spelled.</summary>
    public static EmbeddingOverGemini Floats { get; } = new(isBase64: false);

    /// <summary>Answers with base64 of little-endian 32-bit floats.</summary>
    public static EmbeddingOverGemini Base64 { get; } = new(isBase64: true);

    /// <summary>The translation for a request: by its <c>encoding_format</c>.</summary>
    /// <param name="body">The client's request, which was read as JSON before.</param>
    public static EmbeddingOverGemini For(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, Options);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isFormat = reader.ValueTextEquals("encoding_format"u8);
            reader.Read();
            if (isFormat)
                return reader.TokenType is JsonTokenType.String && reader.ValueTextEquals("base64"u8) ? Base64 : Floats;
            reader.Skip();
        }

        return Floats;
    }

    /// <inheritdoc/>
    public override bool TryWriteRequest(RequestIndex index, ReadOnlySpan<byte> body, in TranslationTarget target, IBufferWriter<byte> output, out BodyError error)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestIndex.MaxDepth + 1 });
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        error = Check(root);
        if (error.Fault is not BodyFault.None)
            return false;

        using var json = new Utf8JsonWriter(output, RawJson.WriterOptions);
        root.Has("input"u8, out var input);
        json.WriteStartObject();
        json.WriteStartArray("requests"u8);
        if (input.ValueKind is JsonValueKind.String)
        {
            WriteInput(json, root, input, target);
        }
        else
        {
            foreach (var text in input.EnumerateArray())
                WriteInput(json, root, text, target);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWriteAnswer(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        if (!Utf8.IsValid(answer))
            return false;

        try
        {
            return TryWriteVectors(answer, target, output);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override bool TryWriteError(ReadOnlySpan<byte> error, int status, IBufferWriter<byte> output) => GeminiError.TryWrite(error, status, output);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: embeddings are not streamed.</exception>
    public override IStreamTranslator Translate(TranslationTarget target) => throw new NotSupportedException("Embeddings are not streamed.");

    private static BodyError Check(JsonElement root)
    {
        foreach (var member in root.EnumerateObject())
        {
            var isGood = member.Value.ValueKind is JsonValueKind.Null || member.Name switch
            {
                "model" or "user" or "provider" => true,
                "input" => IsTexts(member.Value),
                "encoding_format" => member.Value.Is("float"u8) || member.Value.Is("base64"u8),
                "dimensions" => member.Value.ValueKind is JsonValueKind.Number && member.Value.TryGetInt32(out var dimensions) && dimensions > 0,
                _ => false,
            };
            if (!isGood)
                return new BodyError(BodyFault.InvalidField, member.Name, $"{member.Name} has no counterpart in the Gemini API with this value: {Hint(member.Name)}");
        }

        return root.Has("input"u8, out _) ? default : new BodyError(BodyFault.InvalidField, "input", "input is missing.");
    }

    private static string Hint(string member) => member switch
    {
        "input" => $"send a string or an array of 1 to {MostInputs} strings.",
        "encoding_format" => "send float or base64.",
        "dimensions" => "send a whole number above 0.",
        _ => "leave it out.",
    };

    private static bool IsTexts(JsonElement input) =>
        input.ValueKind is JsonValueKind.String
        || (input.ValueKind is JsonValueKind.Array && input.GetArrayLength() is >= 1 and <= MostInputs
            && input.EnumerateArray().All(static text => text.ValueKind is JsonValueKind.String));

    private static void WriteInput(Utf8JsonWriter json, JsonElement root, JsonElement text, in TranslationTarget target)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, string.Concat("models/", target.UpstreamModel));
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        json.WriteStartObject();
        json.WriteRaw("text"u8, text);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        if (root.Has("dimensions"u8, out var dimensions))
            json.WriteRaw("outputDimensionality"u8, dimensions);
        json.WriteEndObject();
    }

    private bool TryWriteVectors(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(answer, Options);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            return false;

        output.Write("{\"object\":\"list\",\"data\":["u8);
        var count = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isVectors = reader.ValueSpan.SequenceEqual("embeddings"u8);
            reader.Read();
            if (!isVectors)
            {
                reader.Skip();
                continue;
            }

            // A second list would number its vectors anew.
            if (reader.TokenType is not JsonTokenType.StartArray || count > 0)
                return false;
            while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
            {
                if (!TryWriteVector(ref reader, answer, count++, output))
                    return false;
            }
        }

        output.Write("],\"model\":\""u8);
        output.Write(JsonEncodedText.Encode(target.UpstreamModel).EncodedUtf8Bytes);
        output.Write("\"}"u8);
        return count > 0 && !reader.Read();
    }

    private bool TryWriteVector(ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, int index, IBufferWriter<byte> output)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
            return false;

        output.Write(index == 0 ? "{\"object\":\"embedding\",\"index\":"u8 : ",{\"object\":\"embedding\",\"index\":"u8);
        ChatAnswerWriter.Write(index, output);
        var has = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isValues = reader.ValueSpan.SequenceEqual("values"u8);
            reader.Read();
            if (!isValues)
            {
                reader.Skip();
                continue;
            }

            if (has || reader.TokenType is not JsonTokenType.StartArray || !TryWriteValues(ref reader, answer, output))
                return false;
            has = true;
        }

        output.Write("}"u8);
        return has;
    }

    private bool TryWriteValues(ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        var start = (int)reader.TokenStartIndex;
        using var floats = new PooledBuffer(_isBase64 ? 16 * 1024 : 1);
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is not JsonTokenType.Number || !reader.TryGetSingle(out var value) || !float.IsFinite(value))
                return false;
            if (!_isBase64)
                continue;
            BinaryPrimitives.WriteSingleLittleEndian(floats.GetSpan(sizeof(float)), value);
            floats.Advance(sizeof(float));
        }

        output.Write(",\"embedding\":"u8);
        if (!_isBase64)
        {
            output.Write(answer[start..(int)reader.BytesConsumed]);
            return true;
        }

        output.Write("\""u8);
        var text = output.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(floats.Length));
        System.Buffers.Text.Base64.EncodeToUtf8(floats.WrittenSpan, text, out _, out var written);
        output.Advance(written);
        output.Write("\""u8);
        return true;
    }
}
