using System.Buffers;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Chat completions, answered by Gemini's <c>generateContent</c> and <c>streamGenerateContent?alt=sse</c>: https://ai.google.dev/api/generate-content.</summary>
public sealed class ChatOverGemini : ApiTranslation
{
    /// <inheritdoc/>
    public override bool TryWriteRequest(RequestIndex index, ReadOnlySpan<byte> body, in TranslationTarget target, IBufferWriter<byte> output, out BodyError error)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestIndex.MaxDepth + 1 });
        using var document = JsonDocument.ParseValue(ref reader);
        using var json = new Utf8JsonWriter(output, RawJson.WriterOptions);
        var writer = new ChatRequestWriter(document.RootElement, index, target, json);
        var isWritten = writer.TryWrite();
        error = writer.Error;
        if (isWritten)
            json.Flush();
        return isWritten;
    }

    /// <inheritdoc/>
    public override bool TryWriteAnswer(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        var response = new GeminiResponse();
        if (!response.TryRead(answer) || response.Error.IsPresent || !(response.Candidates.Count > 0 || response.IsBlocked))
            return false;

        new ChatAnswerWriter(target).WriteAnswer(response, answer, output);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWriteError(ReadOnlySpan<byte> error, int status, IBufferWriter<byte> output) => GeminiError.TryWrite(error, status, output);

    /// <inheritdoc/>
    public override IStreamTranslator Translate(TranslationTarget target) => new GeminiStream(target);
}
