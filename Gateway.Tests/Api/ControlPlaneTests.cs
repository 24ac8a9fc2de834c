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

    [TestCase("\"name\":\"{100}\"", 201)]
    [TestCase("\"name\":\"{101}\"", 400)]
    [TestCase("\"name\":\"a\",\"rateLimit\":{\"burst\":1000000}", 201)]
    [TestCase("\"name\":\"a\",\"rateLimit\":{\"burst\":1000001}", 400)]
    [TestCase("\"name\":\"a\",\"maxConcurrency\":0", 400)]
    [TestCase("\"name\":\"a\",\"maxConcurrency\":1", 201)]
    [TestCase("\"name\":\"a\",\"name\":\"b\"", 400)]
    [TestCase("\"name\":\"a\",\"maxConcurrency\":\"1\"", 400)]
    [TestCase("\"name\":\"a\",\"ipAllowList\":[\"10.0.0.0/33\"]", 400)]
    [TestCase("\"name\":\"a\",\"models\":[\"a*b\"]", 400)]
    public async Task Fields_of_a_key_have_limits(string fields, int status)
    {
        var text = fields.Replace("{100}", new string('a', 100)).Replace("{101}", new string('a', 101));

        var answer = await SendAsync("POST", "/api/keys", $$"""{"kind":"inference",{{text}}}""");

        Assert.That(answer.Status, Is.EqualTo(status), answer.Body.ToJsonString());
    }

    [TestCase("http://127.0.0.1:9/v1", "sk", 400)]
    [TestCase("https://example.com/v1", "sk a", 400)]
    [TestCase("https://example.com/v1", "sk\\r\\nX: y", 400)]
    [TestCase("https://example.com/v1", "sk", 201)]
    public async Task A_channel_leads_outside_with_a_header_safe_credential(string url, string apiKey, int status)
    {
        var body = Channel.Replace("https://example.com/v1", url).Replace("sk-canary", apiKey);

        Assert.That((await SendAsync("POST", "/api/channels", body)).Status, Is.EqualTo(status));
    }

    [Test]
    public async Task A_channel_of_the_configuration_is_read_only()
    {
        foreach (var (name, value) in new[] { ("name", "c"), ("provider", "p"), ("baseUrl", "https://example.com"), ("apiKey", "sk-canary"), ("routeType", "official"), ("models:0:model", "m"), ("weight", "3") })
            app.Configuration[$"Channels:0:{name}"] = value;
        var catalogue = app.Services.GetRequiredService<CatalogueSource>();
        await catalogue.ReloadAsync(CancellationToken.None);
        var id = catalogue.Current.Channels[0].Id;

        var list = (await SendAsync("GET", "/api/channels")).Body;

        Assert.That((list["data"]![0]!["source"]!.GetValue<string>(), catalogue.Current.Channels[0].Weight), Is.EqualTo(("configuration", 3)));
        Assert.That(list.ToJsonString(), Does.Not.Contain("canary"));
        Assert.That((await SendAsync("PATCH", $"/api/channels/{id}", "{}")).Status, Is.EqualTo(409));
        app.Configuration["Channels:0:wieght"] = "1";
        Assert.That(() => catalogue.ReloadAsync(CancellationToken.None), Throws.TypeOf<SettingException>().With.Message.Contains("Channels__0__wieght"));
    }

    [Test]
    public async Task A_body_that_is_not_json_is_415()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/keys") { Content = new StringContent("a=b", Encoding.UTF8, "text/plain") };
        request.Headers.Add("x-api-key", Admin);

        Assert.That((await client.SendAsync(request)).StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
    }

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
