using Gateway.Transforms;
using Gateway.Transforms.Audio;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Pipeline;

/// <summary>What a call asks for beside tokens, measured by the gateway before it is made.</summary>
/// <param name="Images">Images to make.</param>
/// <param name="AudioMilliseconds">Sound to listen to: its length, or the most that it can be. Unit: milliseconds.</param>
/// <param name="Characters">Text to speak. Unit: characters (Unicode scalar values).</param>
internal readonly record struct CallMeasures(long Images, long AudioMilliseconds, long Characters)
{
    public static CallMeasures Of(RequestIndex index, ReadOnlySpan<byte> body)
    {
        if (index.Kind == CallKind.Image)
            return new CallMeasures(index.N, 0, 0);
        if (index.Kind == CallKind.Speech)
            return new CallMeasures(0, 0, SpeechText.Characters(index, body));
        return index.Kind == CallKind.Transcription ? new CallMeasures(0, AudioLength.Of(body).Milliseconds, 0) : default;
    }
}
