using System.Diagnostics;
using System.Runtime.CompilerServices;
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

    // What every request to a channel carries. Not on the channel itself: a copy with another credential would keep it.
    private static readonly ConditionalWeakTable<Channel, KeyValuePair<string, string>[]> OfChannel = [];

    // The longest that the specification lets a receiver drop: https://www.w3.org/TR/trace-context/#tracestate-limits
    private const int MostTraceState = 512;

    public static IReadOnlyList<KeyValuePair<string, string>> Of(ModelCall call, CallAttempt attempt)
    {
        var channel = attempt.Candidate.Channel;
        var preset = channel.Preset;
        List<KeyValuePair<string, string>>? headers = null;
        AddTrace(call, attempt, ref headers);

        // What a client says to its own API makes no sense to another.
        if (preset.Api == UpstreamApi.OpenAi && call.Kind != Transforms.CallKind.Messages)
            Copy(call, OfOpenAi, ref headers);
        else if (preset.Api == UpstreamApi.Anthropic && call.Kind == Transforms.CallKind.Messages)
            Copy(call, OfAnthropic, ref headers);
        var always = OfChannel.GetValue(channel, static made => Always(made));
        return headers is null ? always : [.. always, .. headers];
    }

    private static KeyValuePair<string, string>[] Always(Channel channel)
    {
        var preset = channel.Preset;
        return channel.ApiKey is { } credential ? [new(preset.AuthHeader, preset.AuthPrefix + credential), .. preset.Headers] : [.. preset.Headers];
    }

    // The upstream's parent is the attempt; where nobody records, what the caller said goes on as it is. Baggage stays here: it may hold anything.
    private static void AddTrace(ModelCall call, CallAttempt attempt, ref List<KeyValuePair<string, string>>? headers)
    {
        var request = call.Http.Request.Headers;
        if ((attempt.Span ?? call.Span) is { Id: { } id } span)
        {
            (headers ??= []).Add(new("traceparent", id));
            if (span.TraceStateString is { Length: > 0 and <= MostTraceState } state && UpstreamHeaders.IsSafe(state))
                headers.Add(new("tracestate", state));
        }
        else if (request.TraceParent.Count > 0 && ActivityContext.TryParse(request.TraceParent, request.TraceState, out _))
        {
            (headers ??= []).Add(new("traceparent", request.TraceParent.ToString()));
            if (request.TraceState.ToString() is { Length: > 0 and <= MostTraceState } state && UpstreamHeaders.IsSafe(state))
                headers.Add(new("tracestate", state));
        }
    }

    private static void Copy(ModelCall call, string[] names, ref List<KeyValuePair<string, string>>? headers)
    {
        foreach (var name in names)
        {
            if (call.Http.Request.Headers[name] is { Count: > 0 } values && values.ToString() is { Length: <= MostCharacters } value && UpstreamHeaders.IsSafe(value))
                (headers ??= []).Add(new(name, value));
        }
    }
}
