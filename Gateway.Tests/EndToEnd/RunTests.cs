using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Calls that a client groups with <c>X-Run-Id</c>.</summary>
internal sealed class RunTests : EndToEndFixture
{
    [Test]
    public async Task A_run_sums_up_its_calls_at_once_and_after_they_are_recorded()
    {
        var first = await PostAsync(Request("count=10;in=20").Body, "sums");
        await PostAsync(Request("status=500").Body, "sums");
        var last = await PostAsync(Request("count=5;in=30", ""","stream":true""").Body, "sums");

        var atOnce = await RunAsync("sums");
        await Task.Delay(500);
        var recorded = await RunAsync("sums");
        var operators = await Gateway.GetAsync("/api/runs/sums");

        Assert.That(recorded.ToJsonString(), Is.EqualTo(atOnce.ToJsonString()));
        Assert.That(operators.ToJsonString(), Is.EqualTo(recorded.ToJsonString()));
        Assert.That((recorded["id"]!.GetValue<string>(), recorded["calls"]!.GetValue<int>()), Is.EqualTo(("sums", 3)));
        Assert.That(recorded["outcomes"]!.ToJsonString(), Is.EqualTo("""{"complete":2,"failed":1}"""));
        Assert.That((recorded["usage"]!["inputTokens"]!.GetValue<long>(), recorded["usage"]!["outputTokens"]!.GetValue<long>()), Is.EqualTo((50L, 15L)));
        Assert.That((recorded["cost"]!.GetValue<decimal>(), recorded["currency"]!.GetValue<string>()), Is.EqualTo((0.000112m, "CREDIT")));
        Assert.That(recorded["models"]!.ToJsonString(), Is.EqualTo("""["fake/echo-1"]"""));
        Assert.That(recorded["receipts"]!.AsArray().Select(static id => id!.GetValue<string>()), Has.Exactly(3).Items);
        Assert.That(recorded["receipts"]![0]!.GetValue<string>(), Is.EqualTo(last.Header("x-gateway-receipt")));
        Assert.That(recorded["receipts"]![2]!.GetValue<string>(), Is.EqualTo(first.Header("x-gateway-receipt")));
        Assert.That(recorded["nextCursor"], Is.Null);
        Assert.That(recorded["startedAt"]!.GetValue<DateTimeOffset>(), Is.LessThanOrEqualTo(recorded["endedAt"]!.GetValue<DateTimeOffset>()));
    }

    [Test]
    public async Task Another_key_does_not_see_a_run()
    {
        await PostAsync(Request().Body, "private");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/runs/private");
        request.Headers.Authorization = new("Bearer", await Gateway.CreateKeyAsync());

        using var response = await Client.SendAsync(request);

        Assert.That((int)response.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task A_run_that_nobody_made_is_not_found()
    {
        using var response = await Client.GetAsync(new Uri("/v1/runs/none", UriKind.Relative));

        Assert.That((await Answer.ReadAsync(response)).Code, Is.EqualTo("not_found"));
    }

    [TestCase(128, 200)]
    [TestCase(129, 400)]
    public async Task A_run_has_a_name_of_at_most_128_characters(int length, int status)
    {
        var answer = await PostAsync(Request().Body, new string('r', length));

        Assert.That(answer.Status, Is.EqualTo(status));
        if (status == 400)
            Assert.That(answer.Code, Is.EqualTo("invalid_run_id"));
    }

    private async Task<JsonNode> RunAsync(string id) => JsonNode.Parse(await Client.GetStringAsync(new Uri($"/v1/runs/{id}", UriKind.Relative)))!;
}
