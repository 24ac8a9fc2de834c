using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Lets a client of Anthropic's messages be answered by an upstream that speaks OpenAI's chat completions.</summary>
/// <remarks>
/// Hints that OpenAI has no word for are left out: <c>top_k</c>, <c>thinking</c> and <c>output_config.effort</c> (not every model reasons, and those that do not refuse to be asked),
/// <c>cache_control</c> (OpenAI's upstreams keep prompts unasked), <c>service_tier</c>, <c>context_management</c>. Thinking of earlier turns is left out too. What would have to be done
/// by Anthropic's servers is refused: their tools, containers, MCP servers, files, citations of search results.
/// </remarks>
public sealed class MessagesOverChat : ApiTranslation
{
    /// <inheritdoc/>
    public override bool TryWriteRequest(RequestIndex index, ReadOnlySpan<byte> body, in TranslationTarget target, IBufferWriter<byte> output, out BodyError error)
    {
        try
        {
            error = new MessagesRequest(index, body).Write(target, output);
        }
        catch (JsonException)
        {
            error = new BodyError(BodyFault.NotJson, Field: null, "The body is not valid JSON. Send one JSON object.");
        }

        return !error.IsRefused();
    }

    /// <inheritdoc/>
    public override bool TryWriteAnswer(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        try
        {
            return Utf8.IsValid(answer) && MessagesAnswer.TryWrite(answer, target, output);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override bool TryWriteError(ReadOnlySpan<byte> error, int status, IBufferWriter<byte> output)
    {
        try
        {
            if (!Utf8.IsValid(error) || !JsonMembers.TryFindError(error, out var found))
                return false;

            MessagesError.Write(MessagesError.TypeOf(status), found, output);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override IStreamTranslator Translate(TranslationTarget target) => new MessagesEvents(target);
}
