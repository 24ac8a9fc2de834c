using Gateway.Host.Catalogue;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <summary>The headers of a request to an upstream: the channel's credential, what its provider wants, and of the client's those of a short list.</summary>
internal static class OutgoingHeaders
{
    private static readonly string[] OfOpenAi = ["OpenAI-Beta"];
    private static readonly string[] OfAnthropic = ["anthropic-beta", "anthropic-version"];
    private const int MostCharacters = 1024;

    public static IReadOnlyList<KeyValuePair<string, string>> Of(ModelCall call, Channel channel)
    {
        var headers = new List<KeyValuePair<string, string>>(3);
        var preset = channel.Preset;
        if (channel.ApiKey is { } credential)
            headers.Add(new(preset.AuthHeader, preset.AuthPrefix + credential));
        foreach (var (name, value) in preset.Headers)
            headers.Add(new(name, value));

        // What a client says to its own API makes no sense to another.
        if (preset.Api == UpstreamApi.OpenAi && call.Kind != Transforms.CallKind.Messages)
            Copy(call, OfOpenAi, headers);
        else if (preset.Api == UpstreamApi.Anthropic && call.Kind == Transforms.CallKind.Messages)
            Copy(call, OfAnthropic, headers);
        return headers;
    }

    private static void Copy(ModelCall call, string[] names, List<KeyValuePair<string, string>> headers)
    {
        foreach (var name in names)
        {
            if (call.Http.Request.Headers[name] is { Count: > 0 } values && values.ToString() is { Length: <= MostCharacters } value && UpstreamHeaders.IsSafe(value))
                headers.Add(new(name, value));
        }
    }
}
