using Gateway.Host.OpenAi;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Streaming;

namespace Gateway.Host.Pipeline;

/// <summary>What a call used, from what the upstream reported and what the gateway measured itself.</summary>
internal static class Metering
{
    // An upstream may round a length up; it may not make another of it.
    private const int AudioFactor = 2;
    private const long AudioSlackMs = 10_000;

    /// <summary>Whether the answer to a request is neither JSON nor events.</summary>
    public static bool IsBinary(RequestIndex index) =>
        !index.Stream && (index.Kind == CallKind.Speech || (index.Kind == CallKind.Transcription && index.ResponseFormat is "text" or "srt" or "vtt"));

    /// <summary>Why a request cannot be metered at this price; <c>null</c>: it can. Output tokens are reported in JSON and events alone.</summary>
    public static GatewayError? Unmetered(RequestIndex index, Price price)
    {
        if (price.Base.DearestOutput == 0 || !IsBinary(index))
            return null;
        return index.Kind == CallKind.Speech
            ? GatewayError.InvalidField("stream_format", "This model is priced by output tokens, which only stream_format 'sse' reports.")
            : GatewayError.InvalidField("response_format", "This model is priced by output tokens, which only response_format 'json' reports.");
    }

    /// <summary>Tokens as they were reported, and what is measured beside them.</summary>
    public static Usage Of(ModelCall call, in UsageTokens tokens, long images, long? audioMilliseconds) =>
        Of(call, tokens.Input, tokens.CachedInput, tokens.CacheWrite, tokens.Output, tokens.Reasoning, images, audioMilliseconds);

    /// <summary>Tokens as the gateway counts them, and what is measured beside them.</summary>
    public static Usage Counted(ModelCall call, long output, long images, long? audioMilliseconds) =>
        Of(call, call.Prompt.Tokens, 0, 0, call.Kind.HasOutputTokens ? output : 0, 0, images, audioMilliseconds);

    /// <summary>What a stream used so far: input as reported or counted, output as it was given to the client.</summary>
    public static Usage SoFar(ModelCall call, SseRelay relay, in UsageTokens? reported, long output) => Of(
        call, reported?.Input ?? call.Prompt.Tokens, reported?.CachedInput ?? 0, reported?.CacheWrite ?? 0, output, 0, relay.Images, relay.AudioMilliseconds);

    private static Usage Of(ModelCall call, long input, long cached, long cacheWrite, long output, long reasoning, long images, long? audioMilliseconds) => new(
        input,
        cached,
        cacheWrite,
        output,
        reasoning,
        call.Kind == CallKind.Image ? images : 0,
        call.Kind == CallKind.Transcription ? Believed(audioMilliseconds, call.Measures.AudioMilliseconds) : 0,
        call.Kind == CallKind.Speech ? call.Measures.Characters : 0);

    private static long Believed(long? reported, long measured) =>
        reported is { } length && length >= 0 && length <= measured * AudioFactor + AudioSlackMs ? length : measured;
}
