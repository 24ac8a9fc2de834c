using System.Net.Http.Json;
using System.Net.Sockets;
using Gateway.Tests.EndToEnd;

namespace Gateway.Tests.Chaos;

/// <summary>Parallel clients that call whichever gateway as fast as they are answered: streams and plain calls, by HTTP and by the SDK, some of which hang up;
/// and an operator who keeps the scarce bucket almost empty.</summary>
internal sealed class ChaosLoad(ChaosCluster cluster, ClientJournal journal, int seed) : IDisposable
{
    private const int Clients = 14;
    private const int ScarceClients = 3;

    // An error is followed by a short rest, so that a gateway that is down is not all that is measured.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private readonly ChaosClient client = new(cluster.Key);
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    public void Start() => running = Task.WhenAll(Enumerable.Range(0, Clients).Select(RunAsync).Append(TopUpAsync()));

    /// <summary>Lets the running calls end.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await running;
    }

    public void Dispose()
    {
        client.Dispose();
        stop.Dispose();
    }

    private async Task RunAsync(int number)
    {
        var random = new Random(HashCode.Combine(seed, number));
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var gateway = cluster.Gateways[random.Next(cluster.Gateways.Count)];
            var seen = (await CallAsync(gateway.Address, random, number, $"c{number}-{n}")) with { Gateway = gateway };
            journal.Calls.Enqueue(seen);
            if (seen.End is SeenEnd.Error or SeenEnd.Broken)
                await Task.Delay(Rest);
        }
    }

    private Task<CallSeen> CallAsync(Uri gateway, Random random, int number, string id)
    {
        var streamed = random.Next(2) == 0;
        var words = random.Next(1, 40);

        // Every eighth stream takes a second or two, so that faults find checkpoints of it.
        var delay = !streamed ? random.Next(0, 60) : random.Next(8) == 0 ? 40 : random.Next(0, 4);
        if (number < ScarceClients)
            return client.CallAsync(gateway, id, "fake/scarce", streamed, words, delay, hangUpAfter: null);
        return random.Next(6) switch
        {
            0 => client.CallAsync(gateway, id, "fake/words", streamed, words, delay, TimeSpan.FromMilliseconds(random.Next(1, 80))),
            1 or 2 => client.CallSdkAsync(gateway, id, streamed, words, delay),
            _ => client.CallAsync(gateway, id, "fake/words", streamed, words, delay, hangUpAfter: null),
        };
    }

    // Each top-up is repeated under its key until some gateway says that it is done: repeated or not, it must count once.
    private async Task TopUpAsync()
    {
        var random = new Random(HashCode.Combine(seed, -1));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var nano = random.Next(30_000, 250_000);
            while (!await TopUpOnceAsync(http, $"chaos-{seed}-{n}", nano, cluster.Gateways[random.Next(cluster.Gateways.Count)]))
                await Task.Delay(Rest);
            journal.TopUps.Enqueue(nano);
            await Task.Delay(random.Next(50, 300));
        }
    }

    private static async Task<bool> TopUpOnceAsync(HttpClient http, string idempotencyKey, long nano, GatewayNode gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway.Address, "/api/top-ups"));
        request.Headers.Authorization = new("Bearer", GatewayProcess.AdminKey);
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        request.Content = JsonContent.Create(new { bucket = "credit", amount = nano / 1_000_000_000m });
        try
        {
            using var answer = await http.SendAsync(request);
            if ((int)answer.StatusCode is 400 or 404 or 409 or 422)
                throw new InvalidOperationException($"A top-up was refused: {await answer.Content.ReadAsStringAsync()}");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
