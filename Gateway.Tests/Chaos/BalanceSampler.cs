using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;

namespace Gateway.Tests.Chaos;

/// <summary>Reads the account from the front every 50 ms and notes each bucket that is not 0 ≤ held ≤ posted.</summary>
internal sealed class BalanceSampler(ChaosCluster cluster) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private readonly CancellationTokenSource stop = new();
    private Task sampling = Task.CompletedTask;
    private int samples;

    /// <summary>Answers that came; a gateway that is down gives none.</summary>
    public int Samples => samples;

    /// <summary>What should never be seen.</summary>
    public ConcurrentQueue<string> Wrong { get; } = new();

    public void Start() => sampling = Task.WhenAll(cluster.Gateways.Select(SampleAsync));

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await sampling;
    }

    public void Dispose()
    {
        http.Dispose();
        stop.Dispose();
    }

    private async Task SampleAsync(GatewayNode gateway)
    {
        while (!stop.IsCancellationRequested)
        {
            if (await ReadAsync(gateway) is { } account)
                Check(account);
            await Task.Delay(Interval);
        }
    }

    private async Task<JsonNode?> ReadAsync(GatewayNode gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Address, $"/api/accounts/{ChaosCluster.Account}"));
        request.Headers.Authorization = new("Bearer", GatewayProcess.AdminKey);
        try
        {
            using var answer = await http.SendAsync(request);
            return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync()) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private void Check(JsonNode account)
    {
        Interlocked.Increment(ref samples);
        foreach (var bucket in account["buckets"]!.AsArray())
        {
            var (held, posted) = (bucket!["held"]!.GetValue<decimal>(), bucket["posted"]!.GetValue<decimal>());
            if (held < 0 || held > posted)
                Wrong.Enqueue($"E5 held {held}, posted {posted}: {bucket.ToJsonString()}");
        }
    }
}
