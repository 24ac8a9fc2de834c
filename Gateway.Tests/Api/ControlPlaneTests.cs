using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Host.Catalogue;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace Gateway.Tests.Api;

internal sealed class ControlPlaneTests
{
    private const string Admin = "tw_api_operator_0123456789abcdefghij";
    private const string Channel = """{"name":"c","provider":"p","baseUrl":"https://example.com/v1","apiKey":"sk-canary","routeType":"official","models":[{"model":"m"}]}""";
    private const string Model = """{"provider":"p","model":"m","kind":"chat","maxOutputTokens":10,"prices":[{"routeType":"official","inputPricePer1M":1.4,"outputPricePer1M":2.8}]}""";

    private WebApplication app;
    private HttpClient client;
    private PostingLedger ledger;

    [SetUp]
    public async Task Start()
    {
        ledger = new PostingLedger();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new GatewaySettings { BookFile = "", SpoolFolder = "", AdminKey = Admin });
        builder.Services.AddSingleton(new MasterKeys(new byte[32], []));
        builder.Services.AddSingleton<IResourceStore>(new MemoryResourceStore());
        builder.Services.AddSingleton<ILedger>(ledger);
        builder.Services.AddControlPlane();
        app = builder.Build();
        app.MapControlPlane();
        await app.StartAsync();
        client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    [TearDown]
    public async Task Stop()
    {
        client.Dispose();
        await app.DisposeAsync();
    }

    [Test]
    public async Task A_key_is_shown_once_and_changed_under_its_etag()
    {
        var (status, made) = await SendAsync("POST", "/api/keys", """{"name":"a","kind":"inference","budget":{"amount":25,"period":"day"}}""");
        var id = made["id"]!.GetValue<string>();

        Assert.That((status, made["key"]!.GetValue<string>()[..3]), Is.EqualTo((201, "tw_")));
        Assert.That((await SendAsync("GET", $"/api/keys/{id}")).Body.ToJsonString(), Does.Not.Contain(made["key"]!.GetValue<string>()));
        Assert.That((await SendAsync("PATCH", $"/api/keys/{id}", """{"enabled":false}""", ("If-Match", "\"1\""))).Status, Is.EqualTo(200));
        Assert.That((await SendAsync("PATCH", $"/api/keys/{id}", """{"enabled":true}""", ("If-Match", "\"1\""))).Status, Is.EqualTo(412));
        Assert.That((await SendAsync("GET", $"/api/keys/{id}/usage")).Body["budget"]!["spent"]!.GetValue<decimal>(), Is.EqualTo(1.2m));
        Assert.That((await SendAsync("POST", $"/api/keys/{id}/rotate")).Body["key"], Is.Not.Null);
        Assert.That((await SendAsync("DELETE", $"/api/keys/{id}")).Status, Is.EqualTo(204));
        Assert.That((await SendAsync("GET", $"/api/keys/{id}")).Status, Is.EqualTo(404));
    }

    [TestCase("balance")]
    [TestCase("workspace")]
    [TestCase("isAdmin")]
    public async Task A_field_that_is_not_the_clients_is_refused_by_name(string field)
    {
        var (status, body) = await SendAsync("POST", "/api/keys", $$"""{"name":"a","kind":"inference","{{field}}":null}""");

        Assert.That(status, Is.EqualTo(400));
        Assert.That(body["errors"]![field], Is.Not.Null, body.ToJsonString());
    }

    [Test]
    public async Task A_management_key_sees_its_own_workspace_and_gives_no_more_than_it_has()
    {
        var other = (await SendAsync("POST", "/api/keys", """{"name":"a","kind":"inference"}""")).Body["id"];
        var key = (await SendAsync("POST", "/api/keys", """{"name":"m","kind":"management","scopes":["keys:read","keys:write"]}""", ("X-Workspace", "ws_b")))
            .Body["key"]!.GetValue<string>();

        Assert.That((await SendAsync("GET", $"/api/keys/{other}", null, ("Authorization", $"Bearer {key}"))).Status, Is.EqualTo(404));
        Assert.That((await SendAsync("GET", "/api/channels", null, ("Authorization", $"Bearer {key}"))).Status, Is.EqualTo(403));
        var escalation = await SendAsync("POST", "/api/keys", """{"name":"x","kind":"management","scopes":["*"]}""", ("Authorization", $"Bearer {key}"));
        Assert.That(escalation.Status, Is.EqualTo(403));
    }

    [Test]
    public async Task An_upstream_credential_is_never_shown_and_does_not_follow_to_another_address()
    {
        var made = await SendAsync("POST", "/api/channels", Channel);
        var id = made.Body["id"]!.GetValue<string>();
        var catalogue = app.Services.GetRequiredService<CatalogueSource>();

        Assert.That(made.Body.ToJsonString(), Does.Not.Contain("canary").And.Contain("\"hasApiKey\":true"));
        Assert.That(catalogue.Current.FindChannel(id)?.ApiKey, Is.EqualTo("sk-canary"));
        var moved = await SendAsync("PATCH", $"/api/channels/{id}", """{"baseUrl":"https://evil.example/v1"}""");
        Assert.That(moved.Body["hasApiKey"]!.GetValue<bool>(), Is.False);
        Assert.That(catalogue.Current.FindChannel(id)?.ApiKey, Is.Null);
    }

    [Test]
    public async Task A_price_is_followed_by_another_version()
    {
        var id = (await SendAsync("POST", "/api/models", Model)).Body["id"]!.GetValue<string>();

        var priced = await SendAsync("POST", $"/api/models/{id}/prices", """{"routeType":"official","inputPricePer1M":2,"outputPricePer1M":3}""");

        Assert.That((priced.Status, priced.Body["prices"]![1]!["version"]!.GetValue<int>()), Is.EqualTo((201, 2)));
        Assert.That((await SendAsync("PATCH", $"/api/models/{id}", """{"prices":[]}""")).Status, Is.EqualTo(400));
        Assert.That((await SendAsync("POST", "/api/models", Model)).Status, Is.EqualTo(409));
    }

    [TestCase("0", 400)]
    [TestCase("-1", 400)]
    [TestCase("1e30", 400)]
    [TestCase("1e-30", 400)]
    [TestCase("\"1\"", 400)]
    [TestCase("0.000000001", 201)]
    [TestCase("0.0000000001", 400)]
    [TestCase("4000000", 201)]
    [TestCase("4000000.000000001", 400)]
    public async Task Amounts_have_limits(string amount, int status) =>
        Assert.That((await SendAsync("POST", "/api/top-ups", $$"""{"bucket":"credit","amount":{{amount}}}""")).Status, Is.EqualTo(status));

    [Test]
    public async Task A_top_up_under_one_idempotency_key_posts_once()
    {
        const string Body = """{"bucket":"wallet","amount":10.5}""";

        var answers = new[]
        {
            await SendAsync("POST", "/api/top-ups", Body, ("Idempotency-Key", "k")), await SendAsync("POST", "/api/top-ups", Body, ("Idempotency-Key", "k")),
            await SendAsync("POST", "/api/top-ups", Body.Replace("10.5", "11"), ("Idempotency-Key", "k")),
        };

        Assert.That(answers.Select(answer => answer.Status), Is.EqualTo(new[] { 201, 201, 422 }));
        Assert.That(ledger.Postings, Has.Count.EqualTo(1));
    }

    [TestCase("GET", "/api/nothing", 404)]
    [TestCase("PUT", "/api/keys", 405)]
    [TestCase("GET", "/api/receipts/ul_x", 404)]
    [TestCase("GET", "/api/keys?limit=201", 400)]
    [TestCase("GET", "/api/keys?limit=200", 200)]
    [TestCase("GET", "/api/accounts", 200)]
    [TestCase("GET", "/api/entries", 200)]
    public async Task Paths_and_lists_answer(string method, string path, int status) => Assert.That((await SendAsync(method, path)).Status, Is.EqualTo(status));

    [Test]
    public async Task Without_a_key_nothing_answers_but_401()
    {
        var response = await client.GetAsync("/api/keys");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
    }

    private async Task<(int Status, JsonNode Body)> SendAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        if (request.Headers.Authorization is null)
            request.Headers.Add("Authorization", $"Bearer {Admin}");
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!);
    }
}
