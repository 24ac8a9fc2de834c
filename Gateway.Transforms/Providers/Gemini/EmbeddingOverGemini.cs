using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Embeddings, answered by Gemini's <c>batchEmbedContents</c>: https://ai.google.dev/api/embeddings. Gemini says no tokens: who charges counts.</summary>
/// <remarks>OpenAI's SDKs ask for base64 and read what they asked for, so there is a translation for each: <see cref="For"/>.</remarks>
public sealed partial class EmbeddingOverGemini : ApiTranslation
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    private readonly bool _isBase64;

    private EmbeddingOverGemini(bool isBase64) => _isBase64 = isBase64;

    /// <summary>Answers with arrays of numbers, as they are spelled.</summary>
    public static EmbeddingOverGemini Floats { get; } = new(isBase64: false);

    /// <summary>Answers with base64 of little-endian 32-bit floats.</summary>
    public static EmbeddingOverGemini Base64 { get; } = new(isBase64: true);

    /// <inheritdoc/>
    /// <remarks>By the request's <c>encoding_format</c>.</remarks>
    public override ApiTranslation For(ReadOnlySpan<byte> body)
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
}
