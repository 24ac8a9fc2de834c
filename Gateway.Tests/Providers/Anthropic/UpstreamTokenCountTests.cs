using System.Text;
using Gateway.Host.Anthropic;
using Gateway.Host.Catalogue;
using Gateway.Ledger;
using Gateway.Transforms.Providers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Asking a provider how many tokens a prompt has: https://platform.claude.com/docs/en/api/messages-count-tokens.</summary>
public class UpstreamTokenCountTests
{
    private static readonly ProviderPreset Preset = new() { Name = "anthropic", Api = UpstreamApi.Anthropic, AuthHeader = "x-api-key", AuthPrefix = "" };

    [Test]
    public async Task The_provider_is_asked_as_it_wants_to_be()
    {
        (string Path, string Key, string Version, string Body) seen = default;
        await using var provider = await StartAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            seen = (http.Request.Path, http.Request.Headers["x-api-key"].ToString(), http.Request.Headers["anthropic-version"].ToString(), await reader.ReadToEndAsync());
            await http.Response.WriteAsync("""{"input_tokens":2095}""");
        });

        Assert.That(await CountAsync(provider), Is.EqualTo(2095));
        Assert.That(seen, Is.EqualTo(("/v1/messages/count_tokens", "sk-1", "2023-06-01", "{}")));
    }

    [TestCase(200, """{"input_tokens":-1}""")]
    [TestCase(200, """{"input_tokens":"9"}""")]
    [TestCase(200, """[]""")]
    [TestCase(200, """<html>""")]
    [TestCase(200, "")]
    [TestCase(404, """{"input_tokens":9}""")]
    [TestCase(302, """{"input_tokens":9}""")]
    public async Task A_provider_that_does_not_count_says_nothing(int status, string answer)
    {
        await using var provider = await StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsync(answer);
        });

        Assert.That(await CountAsync(provider), Is.Null);
    }

    [Test]
    public async Task A_provider_that_is_away_or_says_too_much_says_nothing()
    {
        await using var talker = await StartAsync(static http => http.Response.WriteAsync("{\"input_tokens\":9,\"x\":\"" + new string('x', 100_000) + "\"}"));

        Assert.That(await CountAsync(talker), Is.Null);
        Assert.That(await CountAsync("http://127.0.0.1:1/v1"), Is.Null);
    }

    private static Task<long?> CountAsync(WebApplication provider) => CountAsync($"{provider.Urls.First()}/v1/");

    private static async Task<long?> CountAsync(string baseUrl)
    {
        using var http = new ChannelHttp();
        var channel = new Channel
        {
            Id = "ch_1",
            Name = "a",
            Provider = "anthropic",
            BaseUrls = [baseUrl],
            ApiKey = "sk-1",
            RouteType = RouteType.Official,
            Models = [],
            AllowPrivateAddress = true,
        };
        return await new UpstreamTokenCount(http, NullLogger<UpstreamTokenCount>.Instance).CountAsync(channel, Preset, Encoding.UTF8.GetBytes("{}"), default);
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = builder.Build();
        provider.MapPost("/v1/messages/count_tokens", answer);
        await provider.StartAsync();
        return provider;
    }
}
