using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Lets a client of OpenAI's chat completions be answered by an upstream that speaks Anthropic's messages.</summary>
/// <remarks>
/// Hints that Anthropic has no word for are left out, as its own layer for OpenAI's SDKs does (https://platform.claude.com/docs/en/api/openai-sdk):
/// penalties, <c>seed</c>, <c>store</c>, <c>prediction</c>, <c>service_tier</c>, <c>strict</c>, <c>reasoning_effort</c> (thinking must be sent back signed in the next turn
/// of a tool loop, and a chat client cannot). What would change the shape of the answer is refused: <c>n</c> above 1, log probabilities, sound, <c>json_object</c>.
/// Two members that OpenAI does not have pass through: <c>cache_control</c> of content parts and tools, and <c>thinking</c>.
/// </remarks>
public sealed class ChatOverMessages : ApiTranslation
{
    /// <inheritdoc/>
    public override bool TryWriteRequest(RequestIndex index, ReadOnlySpan<byte> body, in TranslationTarget target, IBufferWriter<byte> output, out BodyError error)
    {
        try
        {
            var request = new ChatRequest(index, body);
            error = request.Refuse();
            if (!error.IsRefused())
                error = request.Write(target, output);
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
            return Utf8.IsValid(answer) && ChatAnswer.TryWrite(answer, target, output);
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

            ChatAnswer.WriteError(found, isStatus: true, output);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override IStreamTranslator Translate(TranslationTarget target) => new ChatChunks(target);
}
