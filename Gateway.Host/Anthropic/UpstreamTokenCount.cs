using System.Net.Http.Headers;
using System.Text.Json;
using Gateway.Host.Catalogue;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Anthropic;

/// <summary>Asks a provider of Anthropic's API how many tokens a prompt has. Anthropic does not charge for it.</summary>
internal sealed partial class UpstreamTokenCount(ChannelHttp http, ILogger<UpstreamTokenCount> log)
{
    private const string Version = "2023-06-01";

    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>The tokens; <c>null</c>: it did not say.</summary>
    /// <param name="channel">Who is asked.</param>
    /// <param name="preset">How it wants to be asked.</param>
    /// <param name="body">The prompt, with the upstream's model.</param>
    /// <param name="cancellationToken">The client's.</param>
    public async ValueTask<long?> CountAsync(Channel channel, ProviderPreset preset, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            using var request = Request(channel, preset, body);
            using var response = await http.For(channel).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            if (!response.IsSuccessStatusCode)
                return NotCounted(channel, $"status {(int)response.StatusCode}");
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, deadline.Token);
            return Read(await response.Content.ReadAsByteArrayAsync(deadline.Token)) ?? NotCounted(channel, "no input_tokens in its answer");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException)
        {
            return NotCounted(channel, exception.GetType().Name);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return NotCounted(channel, "too slow");
        }
    }

    private static HttpRequestMessage Request(Channel channel, ProviderPreset preset, ReadOnlyMemory<byte> body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{channel.BaseUrls[0].TrimEnd('/')}/messages/count_tokens") { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in preset.Headers)
            request.Headers.Add(name, value);
        if (!request.Headers.Contains("anthropic-version"))
            request.Headers.Add("anthropic-version", Version);
        if (channel.ApiKey is { } apiKey)
            request.Headers.Add(preset.AuthHeader, preset.AuthPrefix + apiKey);
        return request;
    }

    // {"input_tokens":14}
    private static long? Read(byte[] answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.ValueKind is JsonValueKind.Object && json.RootElement.TryGetProperty("input_tokens", out var tokens)
            && tokens.ValueKind is JsonValueKind.Number && tokens.TryGetInt64(out var count) && count >= 0
            ? count
            : null;
    }

    private long? NotCounted(Channel channel, string cause)
    {
        LogNotCounted(channel.Id, cause);
        return null;
    }

    [LoggerMessage(71, LogLevel.Information, "Channel {ChannelId} did not count the tokens of a prompt ({Cause}): the gateway's own count is told.")]
    private partial void LogNotCounted(string channelId, string cause);
}
