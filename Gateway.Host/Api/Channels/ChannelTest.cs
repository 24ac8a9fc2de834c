using System.Net.Http.Headers;
using Gateway.Host.Catalogue;
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

    private HttpRequestMessage RequestFor(Channel channel)
    {
        var served = channel.Models[0];
        var kind = catalogue.Current.Models.FirstOrDefault(model => string.Equals(model.Id, $"{channel.Provider}/{served.Model}", StringComparison.Ordinal))?.Kind ?? ModelKind.Chat;
        var name = served.UpstreamModel ?? served.Model;
        var (path, body) = kind switch
        {
            ModelKind.Chat => ("chat/completions", (object?)new { model = name, max_tokens = 1, messages = new[] { new { role = "user", content = "ping" } } }),
            ModelKind.Completion => ("completions", new { model = name, max_tokens = 1, prompt = "ping" }),
            ModelKind.Embedding => ("embeddings", new { model = name, input = "ping" }),
            ModelKind.Moderation => ("moderations", new { model = name, input = "ping" }),
            _ => ("models", null),
        };
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, $"{channel.BaseUrls[0].TrimEnd('/')}/{path}");
        if (body is not null)
            request.Content = JsonContent.Create(body);
        if (channel.ApiKey is { } apiKey)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        return request;
    }
}
