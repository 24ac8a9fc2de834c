using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Host.ProxyRules;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using Gateway.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace Gateway.Tests.Api;

/// <summary>The control plane over HTTP on a store in memory, with the models <c>p/m</c>, <c>p/n</c>, <c>q/m</c> and <c>q/o</c>.</summary>
internal abstract class ControlPlaneFixture
{
    private protected const string Admin = "tw_api_operator_0123456789abcdefghij";

    private protected WebApplication App { get; private set; } = null!; // Set before each test, as the two below.

    private protected HttpClient Client { get; private set; } = null!;

    private protected MemoryResourceStore Store { get; private set; } = null!;

    private protected RuleSource Source => App.Services.GetRequiredService<RuleSource>();

    private protected virtual IEnumerable<IRuleType> Types => Transforms.Rules.ProxyRules.All;

    [SetUp]
    public async Task StartAsync()
    {
        Store = new MemoryResourceStore();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new GatewaySettings { BookFile = "", SpoolFolder = "", AdminKey = Admin });
        builder.Services.AddSingleton(new MasterKeys(new byte[32], []));
        builder.Services.AddSingleton<IResourceStore>(Store);
        builder.Services.AddSingleton<ILedger>(new PostingLedger());
        builder.Services.AddSingleton(new RuleTypes(Types));
        builder.Services.AddControlPlane();
        App = builder.Build();
        App.MapControlPlane();
        await Source.ReloadAsync(CancellationToken.None);
        await App.StartAsync();
        Client = new HttpClient { BaseAddress = new Uri(App.Urls.First()) };
        foreach (var (provider, model) in new[] { ("p", "m"), ("p", "n"), ("q", "m"), ("q", "o") })
            await AddModelAsync(provider, model);
    }

    [TearDown]
    public async Task StopAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }

    private protected async Task<(int Status, JsonNode Body, string? ETag)> SendAsync(
        string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (request.Headers.Authorization is null)
            request.Headers.Add("Authorization", $"Bearer {Admin}");
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!, response.Headers.ETag?.Tag);
    }

    /// <summary>The fields of a problem, each with its first message.</summary>
    private protected static Dictionary<string, string> ErrorsOf(JsonNode body) => (body["errors"] as JsonObject ?? throw new AssertionException(body.ToJsonString()))
        .ToDictionary(static error => error.Key, static error => error.Value![0]!.GetValue<string>(), StringComparer.Ordinal);

    private protected static string Rule(string type, string config, string more = "") => $$"""{"type":"{{type}}","name":"r","config":{{config}}{{more}}}""";

    private protected async Task<string> CreateRuleAsync(string type, string config, string more = "", string workspace = "ws_default")
    {
        var (status, body, _) = await SendAsync("POST", "/api/proxy-rules", Rule(type, config, more), ("X-Workspace", workspace));
        return status == 201 ? body["id"]!.GetValue<string>() : throw new AssertionException(body.ToJsonString());
    }

    private protected async Task AddModelAsync(string provider, string model)
    {
        var channel = await SendAsync(
            "POST", "/api/channels",
            $$"""{"name":"{{provider}}-{{model}}","provider":"{{provider}}","baseUrl":"https://example.com/v1","apiKey":"sk","routeType":"official","models":[{"model":"{{model}}"}]}""");
        var priced = await SendAsync(
            "POST", "/api/models",
            $$"""{"provider":"{{provider}}","model":"{{model}}","kind":"chat","maxOutputTokens":10,"prices":[{"routeType":"official","inputPricePer1M":1.4,"outputPricePer1M":2.8}]}""");
        Assert.That((channel.Status, priced.Status), Is.EqualTo((201, 201)));
    }
}
