using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>A member's monthly allowance limits all of the member's keys together, from the answer that set it.</summary>
internal sealed class AllowanceTests : EndToEndFixture
{
    // 24 tokens at 1.4 and 86 at 2.8 credits a million.
    private const decimal FullCost = 0.0002744m;

    [Test]
    public async Task A_members_keys_share_one_allowance()
    {
        var keys = new[] { await Gateway.CreateKeyAsync(""","memberId":"mem_shared" """), await Gateway.CreateKeyAsync(""","memberId":"mem_shared" """) };
        var free = await CallAsAsync(keys[0]);
        await AllowAsync("mem_shared", "0.1");
        var within = await CallAsAsync(keys[1]);

        var balance = await BalanceAsync(keys[0]);
        await AllowAsync("mem_shared", "0.0006");
        var beyond = await CallAsAsync(keys[1]);
        await AllowAsync("mem_shared", null);
        var again = await CallAsAsync(keys[0]);

        Assert.That((free.Status, within.Status, beyond.Status, again.Status), Is.EqualTo((200, 200, 402, 200)), beyond.Text);
        Assert.That((beyond.Code, beyond.Header("x-should-retry")), Is.EqualTo(("allowance_exceeded", "false")));
        Assert.That(balance["allowance"]!["amount"]!.GetValue<decimal>(), Is.EqualTo(0.1m));
        Assert.That(balance["allowance"]!["spent"]!.GetValue<decimal>(), Is.EqualTo(2 * FullCost));
        Assert.That(balance["allowance"]!["resetsAt"]!.GetValue<DateTimeOffset>().Day, Is.EqualTo(1));
        Assert.That((await BalanceAsync(keys[0]))["allowance"], Is.Null);
    }

    private async Task AllowAsync(string member, string? amount)
    {
        using var client = new HttpClient { BaseAddress = Gateway.Address };
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/api/members/{member}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayProcess.AdminKey);
        var allowance = amount is null ? "null" : $$"""{"amount":{{amount}}}""";
        request.Content = new StringContent($$"""{"allowance":{{allowance}}}""", Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    private async Task<Answer> CallAsAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(Request(members: ""","max_tokens":100""").Body, Encoding.UTF8, "application/json"),
        };
        return await SendAsync(request, key);
    }

    private async Task<JsonNode> BalanceAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/balance");
        return (await SendAsync(request, key)).Json;
    }

    private async Task<Answer> SendAsync(HttpRequestMessage request, string key)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
