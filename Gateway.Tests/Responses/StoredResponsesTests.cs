using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Responses;
using Gateway.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Responses;

/// <summary>The endpoints over HTTP, with a provider on loopback behind them.</summary>
internal sealed class StoredResponsesTests
{
    private readonly ConcurrentQueue<string> upstreamCalls = new();
    private readonly ChannelHttp channelHttp = new();
    private RequestDelegate upstreamAnswer = null!; // Set before each test.
    private WebApplication upstream = null!; // Set before each test.
    private WebApplication gateway = null!; // Set before each test.
    private HttpClient client = null!; // Set before each test.
    private ResponseOrigins origins = null!; // Set before each test.
    private MemoryOrigins store = null!; // Set before each test.
    private bool channelIsEnabled;
    private string baseUrl = "";

    [SetUp]
    public async Task StartAsync()
    {
        upstreamCalls.Clear();
        channelIsEnabled = true;
        upstreamAnswer = static http => JsonAsync(http, 200, """{"id":"resp_1","object":"response"}""");
        upstream = Server();
        upstream.MapFallback((RequestDelegate)(http =>
        {
            upstreamCalls.Enqueue($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString} {http.Request.Headers.Authorization}");
            return upstreamAnswer(http);
        }));
        await upstream.StartAsync();
        baseUrl = $"{upstream.Urls.First()}/v1/";

        store = new MemoryOrigins();
        origins = new ResponseOrigins(store, isShared: false, TimeProvider.System, NullLogger<ResponseOrigins>.Instance);
        gateway = Server(services => services.AddSingleton(new StoredResponses(
            origins, () => new CatalogueSnapshot([Channel()], []), channelHttp, TimeProvider.System, NullLogger<StoredResponses>.Instance)));
        gateway.MapStoredResponses("/v1", static (http, answer) => answer(http, KeyOf(http.Request.Headers["x-test-workspace"].ToString())));
        await gateway.StartAsync();
        client = new HttpClient { BaseAddress = new Uri(gateway.Urls.First()) };
        client.DefaultRequestHeaders.Add("x-test-workspace", "ws_a");
        origins.Note("ws_a", "resp_1", "ch_a", "gpt-5");
    }

    [TearDown]
    public async Task StopAsync()
    {
        client.Dispose();
        origins.Dispose();
        await gateway.DisposeAsync();
        await upstream.DisposeAsync();
    }

    [OneTimeTearDown]
    public void DisposeClients() => channelHttp.Dispose();

    [TestCase("GET", "/v1/responses/resp_1", "GET /v1/responses/resp_1 Bearer secret")]
    [TestCase("GET", "/v1/responses/resp_1?include[]=a%26b&stream=true&x=1", "GET /v1/responses/resp_1?include%5B%5D=a%26b Bearer secret")]
    [TestCase("GET", "/v1/responses/resp_1/input_items?limit=2&after=msg_1&order=asc", "GET /v1/responses/resp_1/input_items?limit=2&order=asc&after=msg_1 Bearer secret")]
    [TestCase("DELETE", "/v1/responses/resp_1", "DELETE /v1/responses/resp_1 Bearer secret")]
    public async Task A_stored_response_is_asked_of_the_channel_that_made_it(string method, string path, string upstreamCall)
    {
        using var response = await SendAsync(method, path);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("""{"id":"resp_1","object":"response"}"""));
        Assert.That(upstreamCalls, Is.EqualTo(new[] { upstreamCall }));
    }

    [TestCase("GET", "/v1/responses/resp_1")]
    [TestCase("DELETE", "/v1/responses/resp_1")]
    [TestCase("GET", "/v1/responses/resp_1/input_items")]
    public async Task Another_tenants_response_is_not_found_and_the_provider_not_asked(string method, string path)
    {
        client.DefaultRequestHeaders.Remove("x-test-workspace");
        client.DefaultRequestHeaders.Add("x-test-workspace", "ws_b");

        using var response = await SendAsync(method, path);

        Assert.That((response.StatusCode, await CodeAsync(response)), Is.EqualTo((HttpStatusCode.NotFound, "not_found")));
        Assert.That(upstreamCalls, Is.Empty);
    }

    [TestCase("/v1/responses/resp_unknown")]
    [TestCase("/v1/responses/..%2Fmodels")]
    public async Task What_nobody_made_is_not_found(string path)
    {
        using var response = await SendAsync("GET", path);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(upstreamCalls, Is.Empty);
    }

    [Test]
    public async Task A_deleted_response_is_gone()
    {
        (await SendAsync("DELETE", "/v1/responses/resp_1")).Dispose();

        using var response = await SendAsync("GET", "/v1/responses/resp_1");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(upstreamCalls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_the_provider_did_not_delete_stays_known()
    {
        upstreamAnswer = static http => JsonAsync(http, 500, """{"error":{"message":"internal"}}""");
        (await SendAsync("DELETE", "/v1/responses/resp_1")).Dispose();

        Assert.That(await origins.FindAsync("ws_a", "resp_1", default), Is.Not.Null);
    }

    [TestCase(404, "application/json", "", HttpStatusCode.NotFound, "no_response")]
    [TestCase(400, "application/json", "", HttpStatusCode.BadRequest, "no_response")]
    [TestCase(401, "application/json", "", HttpStatusCode.BadGateway, "upstream_auth")]
    [TestCase(403, "application/json", "", HttpStatusCode.BadGateway, "upstream_auth")]
    [TestCase(429, "application/json", "", HttpStatusCode.BadGateway, "upstream_error")]
    [TestCase(500, "application/json", "", HttpStatusCode.BadGateway, "upstream_error")]
    [TestCase(302, "application/json", "", HttpStatusCode.BadGateway, "upstream_error")]
    [TestCase(200, "text/html", "", HttpStatusCode.BadGateway, "upstream_error")]
    [TestCase(200, "application/json", "gzip", HttpStatusCode.BadGateway, "upstream_error")]
    public async Task A_providers_failure_is_told_apart_from_its_answer(int status, string contentType, string encoding, HttpStatusCode expected, string code)
    {
        upstreamAnswer = http =>
        {
            http.Response.Headers.ContentEncoding = encoding;
            http.Response.Headers.Location = "http://127.0.0.1:1/";
            return JsonAsync(http, status, """{"error":{"code":"no_response"}}""", contentType);
        };

        using var response = await SendAsync("GET", "/v1/responses/resp_1");

        Assert.That((response.StatusCode, await CodeAsync(response)), Is.EqualTo((expected, code)));
    }

    [Test]
    public async Task A_provider_that_hangs_up_is_an_upstream_error()
    {
        upstreamAnswer = static http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };

        using var response = await SendAsync("GET", "/v1/responses/resp_1");

        Assert.That((response.StatusCode, await CodeAsync(response)), Is.EqualTo((HttpStatusCode.BadGateway, "upstream_error")));
    }

    [Test]
    public async Task A_disabled_channel_is_not_asked()
    {
        channelIsEnabled = false;

        using var response = await SendAsync("GET", "/v1/responses/resp_1");

        Assert.That((response.StatusCode, await CodeAsync(response)), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "no_channel_available")));
        Assert.That(upstreamCalls, Is.Empty);
    }

    [Test]
    public async Task A_channel_that_is_gone_has_taken_its_responses_with_it()
    {
        origins.Note("ws_a", "resp_2", "ch_gone", "gpt-5");

        using var response = await SendAsync("GET", "/v1/responses/resp_2");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task A_book_that_is_away_is_said_so()
    {
        store.IsAway = true;

        using var response = await SendAsync("GET", "/v1/responses/resp_3");

        Assert.That((response.StatusCode, await CodeAsync(response)), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "ledger_unavailable")));
    }

    [Test]
    public async Task Cancelling_is_refused_because_nothing_runs_in_the_background()
    {
        using var response = await SendAsync("POST", "/v1/responses/resp_1/cancel");

        Assert.That((response.StatusCode, await CodeAsync(response)), Is.EqualTo((HttpStatusCode.BadRequest, "invalid_background")));
        Assert.That(upstreamCalls, Is.Empty);
    }

    private static WebApplication Server(Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        services?.Invoke(builder.Services);
        return builder.Build();
    }

    private static Task JsonAsync(HttpContext http, int status, string json, string contentType = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        return http.Response.WriteAsync(json);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response) =>
        (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"];

    private static KeySnapshot KeyOf(string workspace) => new()
    {
        Id = "key_1",
        Workspace = workspace,
        Account = KeySnapshot.AccountOf(workspace),
        Kind = KeyKind.Inference,
        Limits = new KeyLimits { KeyId = "key_1" },
    };

    private Task<HttpResponseMessage> SendAsync(string method, string path) => client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

    private Channel Channel() => new()
    {
        Id = "ch_a",
        Name = "a",
        Provider = "openai",
        BaseUrls = [baseUrl],
        ApiKey = "secret",
        RouteType = RouteType.Official,
        Models = [new ChannelModel("gpt-5", UpstreamModel: null)],
        AllowPrivateAddress = true,
        Enabled = channelIsEnabled,
    };
}
