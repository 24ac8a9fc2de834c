using System.Text.Json;
using Gateway.Host.Catalogue;
using Gateway.Transforms;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Api.Channels;

/// <summary>What a test of a channel found.</summary>
internal sealed record ChannelTestAnswer(bool Ok, int? Status, string? Error, double LatencyMs);

/// <summary>Sends one tiny call over a channel. Neither the credential nor the upstream's body is in the answer.</summary>
internal sealed class ChannelTest(CatalogueSource catalogue, TimeProvider time)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public async Task<ChannelTestAnswer> RunAsync(Channel channel, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler();
        UpstreamSockets.Configure(handler, channel.ConnectTimeout, channel.AllowPrivateAddress);
        using var client = new HttpClient(handler) { Timeout = Deadline };
        using var request = RequestFor(channel);
        var started = time.GetTimestamp();
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            return new ChannelTestAnswer(response.IsSuccessStatusCode, status, response.IsSuccessStatusCode ? null : "upstream_error", Elapsed(started));
        }
        catch (HttpRequestException)
        {
            return new ChannelTestAnswer(Ok: false, Status: null, "connection_failed", Elapsed(started));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ChannelTestAnswer(Ok: false, Status: null, "timeout", Elapsed(started));
        }
    }

    private double Elapsed(long started) => Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1);

    // Where nothing small can be asked, the list of models shows whether the credential is taken.
    private HttpRequestMessage RequestFor(Channel channel)
    {
        var served = channel.Models[0];
        var model = catalogue.Current.Models.FirstOrDefault(model => string.Equals(model.Id, $"{channel.Provider}/{served.Model}", StringComparison.Ordinal));
        var kind = Serving.KindFor(model?.Kind ?? ModelKind.Chat);
        var name = served.UpstreamModel ?? served.Model;
        if (BodyOf(kind, name) is { } body && ChannelCall.TryMake(channel, name, kind, JsonSerializer.SerializeToUtf8Bytes(body), defaultOutputLimit: 1) is { } call)
            return call.Request;

        var request = new HttpRequestMessage(HttpMethod.Get, $"{channel.BaseUrls[0].TrimEnd('/')}/models");
        ChannelCall.Authorize(request, channel);
        return request;
    }

    private static object? BodyOf(CallKind kind, string model)
    {
        if (kind == CallKind.Chat)
            return new { model, max_tokens = 1, messages = new[] { new { role = "user", content = "ping" } } };
        if (kind == CallKind.Completion)
            return new { model, max_tokens = 1, prompt = "ping" };
        return kind == CallKind.Embedding || kind == CallKind.Moderation ? new { model, input = "ping" } : null;
    }
}
