using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;

namespace Gateway.Tests.Chaos;

/// <summary>Makes one call and writes down what it saw: as bytes over HTTP, or through the official SDK.</summary>
internal sealed class ChaosClient(string key) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };

    /// <summary>Calls over plain HTTP; with <paramref name="hangUpAfter"/> it closes the connection after so long.</summary>
    public async Task<CallSeen> CallAsync(Uri gateway, string id, string model, bool streamed, int words, int delayMs, TimeSpan? hangUpAfter)
    {
        var seen = new CallSeen { Id = id, Streamed = streamed, End = SeenEnd.Broken };
        var started = Stopwatch.GetTimestamp();
        using var hangUp = new CancellationTokenSource(hangUpAfter ?? Timeout.InfiniteTimeSpan);
        using var request = Request(gateway, id, model, streamed, words, delayMs);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token);
            seen = seen with { Status = (int)answer.StatusCode, Receipt = Header(answer, "x-gateway-receipt"), Cost = Nano(Header(answer, "x-gateway-cost")) };
            var text = new StringBuilder();
            try
            {
                await ReadAsync(answer, text, hangUp.Token);
                seen = Judge(seen, text.ToString());
            }
            catch (Exception exception) when (IsBroken(exception))
            {
                seen = seen with { HasContent = HasContent(text.ToString()), End = hangUp.IsCancellationRequested ? SeenEnd.HungUp : SeenEnd.Broken, Error = exception.Message };
            }
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            seen = seen with { End = hangUp.IsCancellationRequested ? SeenEnd.HungUp : SeenEnd.Broken, Error = exception.Message };
        }

        return seen with { Time = (started, Stopwatch.GetTimestamp()) };
    }

    /// <summary>Calls through the OpenAI SDK, without its retries: each try is a call of its own here.</summary>
    public async Task<CallSeen> CallSdkAsync(Uri gateway, string id, bool streamed, int words, int delayMs)
    {
        var seen = new CallSeen { Id = id, Streamed = streamed, End = SeenEnd.Broken };
        var started = Stopwatch.GetTimestamp();
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(gateway, "/v1"),
            RetryPolicy = new ClientRetryPolicy(0),
            Transport = new HttpClientPipelineTransport(http),
        };
        options.AddPolicy(new RunIdPolicy(id), PipelinePosition.PerCall);
        var chat = new OpenAIClient(new ApiKeyCredential(key), options).GetChatClient("fake/words");
        var limit = new ChatCompletionOptions { MaxOutputTokenCount = 100 };
        ChatMessage[] messages = [new UserChatMessage($"{id} {words} {delayMs}")];
        try
        {
            if (streamed)
            {
                var finished = false;
                await foreach (var update in chat.CompleteChatStreamingAsync(messages, limit))
                {
                    seen = seen with { HasContent = seen.HasContent || update.ContentUpdate.Count > 0, Status = 200 };
                    finished |= update.FinishReason == ChatFinishReason.Stop;
                }

                // The SDK ends quietly at an error event and at [DONE] alike; only a finish reason tells them apart.
                seen = seen with { End = finished ? SeenEnd.Complete : SeenEnd.Error };
            }
            else
            {
                var result = await chat.CompleteChatAsync(messages, limit);
                var headers = result.GetRawResponse().Headers;
                seen = seen with { End = SeenEnd.Complete, HasContent = true, Status = 200, Receipt = Value(headers, "x-gateway-receipt"), Cost = Nano(Value(headers, "x-gateway-cost")) };
            }
        }
        catch (ClientResultException exception) when (exception.Status > 0)
        {
            seen = seen with { End = SeenEnd.Error, Status = exception.Status, Error = exception.Message };
        }
        catch (Exception exception) when (exception is ClientResultException || IsBroken(exception))
        {
            seen = seen with { Error = exception.Message };
        }

        return seen with { Time = (started, Stopwatch.GetTimestamp()) };
    }

    public void Dispose() => http.Dispose();

    private static async Task ReadAsync(HttpResponseMessage answer, StringBuilder text, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        await using var body = await answer.Content.ReadAsStreamAsync(deadline.Token);
        var buffer = new byte[8192];
        while (await body.ReadAsync(buffer, deadline.Token) is > 0 and var read)
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
    }

    private static CallSeen Judge(CallSeen seen, string text)
    {
        var failed = seen.Status != 200 || text.Contains("\"error\":", StringComparison.Ordinal);
        if (failed)
            return seen with { End = SeenEnd.Error, HasContent = seen.Status == 200 && HasContent(text), Error = text[Math.Max(0, text.Length - 300)..] };
        var whole = !seen.Streamed || text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal);
        return seen with { End = whole ? SeenEnd.Complete : SeenEnd.Broken, HasContent = HasContent(text) };
    }

    private static bool HasContent(string text) => text.Contains("\"content\":\" a", StringComparison.Ordinal);

    private static bool IsBroken(Exception exception) => exception is HttpRequestException or SocketException or IOException or OperationCanceledException;

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private static string? Value(PipelineResponseHeaders headers, string name) => headers.TryGetValue(name, out var value) ? value : null;

    private static long? Nano(string? credits) => credits is null ? null : (long)(decimal.Parse(credits, CultureInfo.InvariantCulture) * 1_000_000_000m);

    private HttpRequestMessage Request(Uri gateway, string id, string model, bool streamed, int words, int delayMs)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v1/chat/completions"));
        request.Headers.Authorization = new("Bearer", key);
        request.Headers.Add("X-Run-Id", id);
        var body = new JsonObject
        {
            ["model"] = model,
            ["max_tokens"] = 100,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = $"{id} {words} {delayMs}" }),
        };
        if (streamed)
            body["stream"] = true;
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return request;
    }

    private sealed class RunIdPolicy(string id) : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set("X-Run-Id", id);
            ProcessNext(message, pipeline, currentIndex);
        }

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set("X-Run-Id", id);
            return ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
