using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Gateway.Tests.EndToEnd;

/// <summary>What one client saw of one call.</summary>
internal sealed record ClientCall(string Id, bool Streamed, bool IsComplete, string? Receipt, long? Cost, int? Status);

/// <summary>Parallel clients that call as fast as they are answered, and write down what they saw.</summary>
internal sealed class LoadClients(Uri address, string key, int seed) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(15) };
    private readonly ConcurrentQueue<ClientCall> journal = new();
    private readonly CancellationTokenSource stop = new();
    private volatile TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task clients = Task.CompletedTask;

    public IReadOnlyCollection<ClientCall> Journal => journal;

    public void Start(int count) => clients = Task.WhenAll(Enumerable.Range(0, count).Select(RunAsync));

    /// <summary>The gateway answers: calls may begin.</summary>
    public void Open() => gate.TrySetResult();

    /// <summary>No new calls, until it answers again.</summary>
    public void Close() => gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets the running calls end.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await clients;
    }

    public void Dispose()
    {
        http.Dispose();
        stop.Dispose();
    }

    private async Task RunAsync(int client)
    {
        var random = new Random(seed + client);
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            try
            {
                await gate.Task.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // Half stream. Every eighth stream is long, so that a kill finds checkpoints of it.
            var streamed = (client + n) % 2 == 0;
            var words = random.Next(1, 40);
            var delay = !streamed ? random.Next(0, 60) : random.Next(8) == 0 ? 40 : random.Next(0, 4);
            journal.Enqueue(await CallAsync($"c{client}-{n}", streamed, words, delay));
        }
    }

    private async Task<ClientCall> CallAsync(string id, bool streamed, int words, int delay)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/chat/completions"));
        request.Headers.Authorization = new("Bearer", key);
        request.Headers.Add("X-Run-Id", id);
        var stream = streamed ? ",\"stream\":true" : "";
        request.Content = new StringContent(
            $$"""{"model":"fake/words","max_tokens":100{{stream}},"messages":[{"role":"user","content":"{{id}} {{words}} {{delay}}"}]}""", Encoding.UTF8, "application/json");
        string? receipt = null;
        long? cost = null;
        int? status = null;
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            status = (int)answer.StatusCode;
            receipt = Header(answer, "x-gateway-receipt");
            if (Header(answer, "x-gateway-cost") is { } credits)
                cost = (long)(decimal.Parse(credits, CultureInfo.InvariantCulture) * 1_000_000_000m);
            var body = await answer.Content.ReadAsStringAsync();
            var complete = answer.IsSuccessStatusCode && (!streamed || body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
            return new ClientCall(id, streamed, complete, receipt, cost, status);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return new ClientCall(id, streamed, IsComplete: false, receipt, cost, status);
        }
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
