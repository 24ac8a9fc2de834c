using Gateway.Transforms;
using Gateway.Transforms.Audio;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>What a call asks for beside tokens, measured by the gateway before it is made.</summary>
/// <param name="Images">Images to make.</param>
/// <param name="AudioMilliseconds">Sound to listen to: its length, or the most that it can be. Unit: milliseconds.</param>
/// <param name="Characters">Text to speak. Unit: characters (Unicode scalar values).</param>
internal readonly record struct CallMeasures(long Images, long AudioMilliseconds, long Characters)
{
    // OpenAI's estimate is 1,000 tokens a minute ($0.006 at $6 a million): https://platform.openai.com/docs/pricing#transcription-and-speech-generation.
    private const int MillisecondsPerAudioToken = 50;

    /// <summary>The sound as tokens, for models that are priced by them: an estimate on the high side.</summary>
    public PromptTokens AudioTokens => new(AudioMilliseconds / MillisecondsPerAudioToken, Exact: false);

    public static CallMeasures Of(RequestIndex index, ReadOnlySpan<byte> body)
    {
        if (index.Kind == CallKind.Image)
            return new CallMeasures(index.N, 0, 0);
        if (index.Kind == CallKind.Speech)
            return new CallMeasures(0, 0, SpeechText.Characters(body) ?? 0);
        return index.Kind == CallKind.Transcription ? new CallMeasures(0, index.Multipart?.Length.Milliseconds ?? 0, 0) : default;
    }
}
