using System.Text.Json.Nodes;
using Gateway.Host.Caching;
using Gateway.Host.Catalogue;
using Gateway.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class UpstreamEmbedderTests
{
    private readonly ChannelHttp channelHttp = new();
    private WebApplication upstream = null!;
    private Func<HttpContext, Task> answer = static _ => Task.CompletedTask;
    private string? authorization;
    private JsonNode? asked;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        upstream = builder.Build();
        upstream.MapPost("/v1/embeddings", (RequestDelegate)(async http =>
        {
            authorization = http.Request.Headers.Authorization;
            asked = await JsonNode.ParseAsync(http.Request.Body);
            await answer(http);
        }));
        await upstream.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await upstream.StopAsync(now.Token);
        channelHttp.Dispose();
        await upstream.DisposeAsync();
    }

    [Test]
    public async Task A_question_is_embedded_by_the_channels_upstream_with_its_credential()
    {
        answer = static http => http.Response.WriteAsync("""{"object":"list","data":[{"index":0,"embedding":[0.5,-1,2e-1]}],"usage":{"prompt_tokens":3}}""");

        Assert.That(await EmbedAsync("Wärme?"), Is.EqualTo(new[] { 0.5f, -1, 0.2f }));

        Assert.That(authorization, Is.EqualTo("Bearer sk-test"));
        Assert.That(asked!.ToJsonString(), Is.EqualTo("""{"model":"embed-1-upstream","input":"W\u00E4rme?","encoding_format":"float"}"""));
    }

    [TestCase("")]
    [TestCase("<html>")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"data":[]}""")]
    [TestCase("""{"data":[1]}""")]
    [TestCase("""{"data":[{"embedding":"AAAA"}]}""")]
    [TestCase("""{"data":[{"embedding":[1,"2"]}]}""")]
    public async Task An_answer_without_an_embedding_is_none(string body)
    {
        answer = http => http.Response.WriteAsync(body);

        Assert.That(await EmbedAsync("x"), Is.Null);
    }

    [Test]
    public async Task An_answer_that_is_too_long_is_none()
    {
        answer = static http => http.Response.WriteAsync(new string(' ', 300 * 1024) + """{"data":[{"embedding":[1]}]}""");

        Assert.That(await EmbedAsync("x"), Is.Null);
    }

    [TestCase(401)]
    [TestCase(429)]
    [TestCase(500)]
    [TestCase(302)]
    public async Task A_status_that_is_no_success_is_none(int status)
    {
        answer = http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "/v1/embeddings";
            return http.Response.WriteAsync("""{"data":[{"embedding":[1]}]}""");
        };

        Assert.That(await EmbedAsync("x"), Is.Null);
    }

    [Test]
    public async Task An_upstream_that_hangs_is_waited_for_two_seconds()
    {
        answer = static http => Task.Delay(TimeSpan.FromSeconds(20), http.RequestAborted);
        var watch = System.Diagnostics.Stopwatch.StartNew();

        Assert.That(await EmbedAsync("x"), Is.Null);
        Assert.That(watch.Elapsed, Is.InRange(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(5)));
    }

    [Test]
    public async Task A_client_that_goes_away_is_told_so()
    {
        answer = static http => Task.Delay(TimeSpan.FromSeconds(20), http.RequestAborted);
        using var gone = new CancellationTokenSource(50);
        var embedder = Embedder([Channel()]);

        Assert.That(() => embedder.EmbedAsync("x", gone.Token).AsTask(), Throws.InstanceOf<OperationCanceledException>());
        await Task.CompletedTask;
    }

    [Test]
    public async Task Only_an_enabled_channel_of_all_tenants_is_asked()
    {
        answer = static http => http.Response.WriteAsync("""{"data":[{"embedding":[1]}]}""");

        Assert.That(await EmbedAsync("x", Channel() with { Enabled = false }), Is.Null);
        Assert.That(await EmbedAsync("x", Channel() with { Workspace = "ws_a" }), Is.Null);
        Assert.That(await EmbedAsync("x", Channel() with { Provider = "other" }), Is.Null);
        Assert.That(await EmbedAsync("x", Channel() with { Models = [] }), Is.Null);
        Assert.That(await EmbedAsync("x", Channel() with { AllowPrivateAddress = false }), Is.Null);
        Assert.That(await EmbedAsync("x", Channel() with { BaseUrls = ["http://127.0.0.1:9/v1"] }), Is.Null);
        Assert.That(await EmbedAsync("x", Channel()), Is.Not.Null);
    }

    private Channel Channel() => new()
    {
        Id = "ch_1", Name = "embeddings", Provider = "openai", BaseUrls = [$"{upstream.Urls.First()}/v1/"], ApiKey = "sk-test", RouteType = RouteType.Official,
        Models = [new ChannelModel("embed-1", "embed-1-upstream")], AllowPrivateAddress = true,
    };

    private async Task<float[]?> EmbedAsync(string text, Channel? channel = null)
    {
        var embedder = Embedder([channel ?? Channel()]);
        return await embedder.EmbedAsync(text, default);
    }

    private UpstreamEmbedder Embedder(Channel[] channels) =>
        new("openai/embed-1", () => new CatalogueSnapshot(channels, []), channelHttp, NullLogger<UpstreamEmbedder>.Instance);
}
