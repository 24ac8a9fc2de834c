using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Servers;

namespace Gateway.Tests.EndToEnd;

/// <summary>Three gateways on one PostgreSQL and one Redis, each a process of its own.</summary>
internal sealed class SeveralGateways : IAsyncDisposable
{
    private static readonly string MasterKey = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(static n => (byte)n)]);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-several-");
    private readonly List<GatewayProcess> gateways = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private int calls;

    private SeveralGateways(JournalingUpstream upstream, PostgresServer postgres, RedisServer redis)
    {
        Upstream = upstream;
        Postgres = postgres;
        Redis = redis;
    }

    public IReadOnlyList<GatewayProcess> Gateways => gateways;

    public JournalingUpstream Upstream { get; }

    public PostgresServer Postgres { get; }

    public RedisServer Redis { get; }

    public string Database { get; private set; } = "";

    public static async Task<SeveralGateways> StartAsync(int count)
    {
        var several = new SeveralGateways(
            await JournalingUpstream.StartAsync(),
            await PostgresServer.StartAsync(),
            await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"));
        try
        {
            several.Database = await several.Postgres.NewDatabaseAsync();
            for (var n = 0; n < count; n++)
                several.gateways.Add(several.Start(n));
            foreach (var gateway in several.gateways)
                await gateway.AnswersAsync();
            return several;
        }
        catch
        {
            await several.DisposeAsync();
            throw;
        }
    }

    /// <summary>A plain call for so many words through one of the gateways.</summary>
    public async Task<(int Status, JsonNode Body, HttpResponseMessage Answer)> CallAsync(
        int gateway, string key, int words = 100, int delayMs = 0, string? id = null, string? idempotencyKey = null)
    {
        id ??= $"call-{Interlocked.Increment(ref calls)}";
        var body = $$"""{"model":"fake/words","max_tokens":{{words}},"messages":[{"role":"user","content":"{{id}} {{words}} {{delayMs}}"}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateways[gateway].Address, "/v1/chat/completions"))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        var answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!, answer);
    }

    /// <summary>The wallet as one of the gateways sees it.</summary>
    public async Task<(decimal Posted, decimal Held, decimal Spent)> WalletAsync(int gateway)
    {
        var buckets = (await gateways[gateway].GetAsync("/api/accounts/acc_default"))["buckets"]!.AsArray();
        var wallet = buckets.Single(static bucket => bucket!["kind"]!.GetValue<string>() == "wallet")!;
        return (wallet["posted"]!.GetValue<decimal>(), wallet["held"]!.GetValue<decimal>(), wallet["spent"]!.GetValue<decimal>());
    }

    /// <summary>How many settlements of a gateway wait for the book.</summary>
    public async Task<long> UnrecordedAsync(int gateway)
    {
        using var answer = await http.GetAsync(new Uri(gateways[gateway].Address, "/health/ready"));
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["unrecorded"]!.GetValue<long>();
    }

    public async Task StartAgainAsync(int gateway)
    {
        gateways[gateway].Dispose();
        gateways[gateway] = Start(gateway);
        await gateways[gateway].AnswersAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in gateways)
            gateway.Dispose();
        http.Dispose();
        await Upstream.DisposeAsync();
        await Redis.DisposeAsync();
        await Postgres.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private GatewayProcess Start(int n)
    {
        var settings = Upstream.Settings();
        settings["ConnectionStrings__Ledger"] = Database;
        settings["ConnectionStrings__Redis"] = Redis.ConnectionString;
        settings["Gateway__AdminKey"] = GatewayProcess.AdminKey;
        settings["Gateway__MasterKey"] = MasterKey;
        settings["Gateway__HoldLease"] = "3s";
        return GatewayProcess.Start(folder.CreateSubdirectory($"gateway-{n}").FullName, GatewayProcess.FreePort(), settings);
    }
}
