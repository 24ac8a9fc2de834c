using System.Net.Http.Headers;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Catalogue;

/// <summary>A call that the gateway makes for itself over a channel: OpenAI's API on this side, whatever the provider speaks.</summary>
internal sealed class ChannelCall
{
    private readonly Adapter _adapter;
    private readonly TranslationTarget _target;

    private ChannelCall(Adapter adapter, TranslationTarget target, HttpRequestMessage request)
    {
        _adapter = adapter;
        _target = target;
        Request = request;
    }

    /// <summary>What to send; the caller's to dispose.</summary>
    public HttpRequestMessage Request { get; }

    /// <summary>Makes the call; <c>null</c>: the channel's provider has no such call, or no words for this one.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="upstreamModel">The model as it knows it.</param>
    /// <param name="kind">The kind of call.</param>
    /// <param name="body">Its body in OpenAI's shape, not streamed.</param>
    /// <param name="defaultOutputLimit">The output limit for a provider that demands one. Unit: tokens.</param>
    public static ChannelCall? TryMake(Channel channel, string upstreamModel, CallKind kind, ReadOnlyMemory<byte> body, int defaultOutputLimit)
    {
        var preset = channel.Preset;
        if (Adapter.For(kind, preset) is not { } adapter || preset.PathOf(adapter.Kind, upstreamModel, stream: false) is not { } path)
            return null;

        var target = new TranslationTarget(upstreamModel, Stream: false, OutputLimit: null, defaultOutputLimit, "");
        if (adapter.Upstream is { } translation)
        {
            var index = new RequestIndex { Kind = kind };
            using var translated = new PooledBuffer(body.Length + 512);
            if (!index.TryRead(body, out _) || !translation.TryWriteRequest(index, body.Span, target, translated, out _))
                return null;
            body = translated.WrittenSpan.ToArray();
        }

        var request = new HttpRequestMessage(HttpMethod.Post, channel.BaseUrls[0].TrimEnd('/') + path) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Authorize(request, channel);
        return new ChannelCall(adapter, target, request);
    }

    /// <summary>Adds what every request to a channel carries: its credential and its provider's headers.</summary>
    public static void Authorize(HttpRequestMessage request, Channel channel)
    {
        if (channel.ApiKey is { } credential)
            UpstreamHeaders.Add(request.Headers, channel.Preset.AuthHeader, channel.Preset.AuthPrefix + credential);
        foreach (var (name, value) in channel.Preset.Headers)
            UpstreamHeaders.Add(request.Headers, name, value);
    }

    /// <summary>The answer in OpenAI's shape; <c>null</c>: it is none.</summary>
    public byte[]? Read(byte[] answer)
    {
        if (_adapter.Upstream is not { } translation)
            return answer;

        using var translated = new PooledBuffer(answer.Length + 512);
        return translation.TryWriteAnswer(answer, _target, translated) ? translated.WrittenSpan.ToArray() : null;
    }
}
