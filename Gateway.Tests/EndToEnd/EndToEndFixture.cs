using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>One gateway and one fake provider for the tests of a fixture: <c>fake/echo-1</c> is paid by credit, <c>fake/scarce</c> by the wallet.</summary>
[NonParallelizable]
internal abstract class EndToEndFixture
{
    public const string Model = "fake/echo-1";

    private int nextId;

    protected FakeUpstream Upstream { get; private set; } = null!;

    protected GatewayProcess Gateway { get; private set; } = null!;

    protected HttpClient Client { get; private set; } = null!;

    protected string Key { get; private set; } = "";

    /// <summary>More settings of the fixture's gateway.</summary>
    protected virtual (string Name, string Value)[] Settings => [];

    protected string BaseUrl => new Uri(Gateway.Address, "/v1").ToString();

    [OneTimeSetUp]
    public async Task StartAll()
    {
        Upstream = await FakeUpstream.StartAsync();
        Gateway = await GatewayProcess.StartAsync(
            [("Gateway__PingInterval", "200ms"), ("Gateway__MaxRequestBytes", "1MiB"), .. Settings]);
        await CreateAsync("echo-1", "official");
        await CreateAsync("scarce", "ordinary");
        await Gateway.TopUpAsync("credit", 1000);
        Key = await Gateway.CreateKeyAsync();
        Client = new HttpClient { BaseAddress = Gateway.Address, Timeout = TimeSpan.FromSeconds(30) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    [OneTimeTearDown]
    public async Task StopAll()
    {
        Client?.Dispose();
        if (Gateway is not null)
            await Gateway.DisposeAsync();
        if (Upstream is not null)
            await Upstream.DisposeAsync();
    }

    /// <summary>A body whose prompt tells the fake what to do; its id, for <see cref="FakeUpstream.Calls"/>.</summary>
    protected (string Id, string Body) Request(string script = "", string members = "", string model = Model)
    {
        var id = $"c{Interlocked.Increment(ref nextId)}";
        return (id, $$"""{"model":"{{model}}","messages":[{"role":"user","content":"fake:id={{id}};{{script}}"}]{{members}}}""");
    }

    protected Task<Answer> CallAsync(string script = "", string members = "", string model = Model) => PostAsync(Request(script, members, model).Body);

    protected async Task<Answer> PostAsync(string body, string? runId = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (runId is not null)
            request.Headers.Add("X-Run-Id", runId);
        using var response = await Client.SendAsync(request, cancellationToken);
        return await Answer.ReadAsync(response);
    }

    protected async Task<JsonNode> ReceiptAsync(Answer answer) => await JsonAsync($"/v1/receipts/{answer.Header("x-gateway-receipt")}");

    protected async Task<JsonNode> BucketAsync(string kind)
    {
        var balance = await JsonAsync("/v1/balance");
        return balance["buckets"]!.AsArray().Single(bucket => bucket!["kind"]!.GetValue<string>() == kind)!;
    }

    protected async Task<decimal> PostedAsync(string kind = "credit") => (await BucketAsync(kind))["posted"]!.GetValue<decimal>();

    private async Task<JsonNode> JsonAsync(string path) => JsonNode.Parse(await Client.GetStringAsync(path))!;

    private async Task CreateAsync(string model, string routeType)
    {
        await Gateway.CreateModelAsync(model, routeType);
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, routeType, model, model);
    }
}

/// <summary>An answer, read to its end.</summary>
internal sealed record Answer(int Status, Dictionary<string, string> Headers, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? Code => Json["error"]?["code"]?.GetValue<string>();

    /// <summary>The data of each event of a stream.</summary>
    public IReadOnlyList<string> Events =>
        [.. Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(static e => e.StartsWith("data: ", StringComparison.Ordinal)).Select(static e => e[6..])];

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Headers.Concat(response.Content.Headers).ToDictionary(static h => h.Key.ToLowerInvariant(), static h => string.Join(',', h.Value)),
        await response.Content.ReadAsStringAsync());

    public string Header(string name) => Headers.GetValueOrDefault(name, "");

    public decimal Number(string name) => decimal.Parse(Headers[name]);
}
