using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Faults;

/// <summary>A call of the fault matrix from both sides: what its client got, and what its receipt says.</summary>
internal sealed class FaultView(Answer answer, JsonNode receipt, bool streamed)
{
    private const decimal InputPrice = 1.4m / 1_000_000;
    private const decimal OutputPrice = 2.8m / 1_000_000;
    private const decimal SiblingCost = 24 * InputPrice + 3 * OutputPrice;

    public decimal Cost => receipt["cost"]!.GetValue<decimal>();

    private string Channel => Text("channel");

    private string[] Events { get; } = [.. answer.Text.ReplaceLineEndings("\n").Split("\n\n").Where(static e => e.StartsWith("data: ", StringComparison.Ordinal)).Select(static e => e[6..])];

    /// <summary>The failure is on the receipt and nowhere else: the sibling's answer is the client's, and is charged alone.</summary>
    public void IsAnsweredBy(string sibling, string failing, Ending.Failed failed)
    {
        IsAnswer("a a a");
        Assert.That(Attempts(), Is.EqualTo(new[] { $"{failing} {failed.Attempt} free", $"{sibling} 200  charged" }));
        Assert.That((Text("outcome"), Text("primaryChannel"), Channel), Is.EqualTo(("complete", failing, sibling)));
        Assert.That(receipt["fallbackUsed"]!.GetValue<bool>(), Is.True);
        Assert.That(answer.Header("x-gateway-attempts"), Is.EqualTo("2"));
        Assert.That(answer.Header("x-gateway-channel"), Is.EqualTo(sibling));
        Assert.That((Usage("countedBy"), Cost), Is.EqualTo(("upstream", SiblingCost)));
    }

    /// <summary>The client gets an error of OpenAI's shape that says what to do next, and pays nothing.</summary>
    public void IsError(string failing, Ending.Failed failed)
    {
        Assert.That(answer.Status, Is.EqualTo(failed.Status), answer.Text);
        Assert.That(answer.Header("content-type"), Does.StartWith("application/json"));
        IsOpenAiError(answer.Json, failed.Code);
        Assert.That(int.Parse(answer.Header("retry-after")), Is.Positive, "whole seconds");
        if (failed.RetryAfter is { } seconds)
            Assert.That(answer.Header("retry-after"), Is.EqualTo(seconds));
        Assert.That(Attempts(), Is.EqualTo(new[] { $"{failing} {failed.Attempt} free" }));
        IsFree(failing);
    }

    /// <summary>What came before the fault is the client's; then comes an error event, and no end.</summary>
    public void IsCut(string failing, Ending.Cut cut)
    {
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(Events, Is.Not.Empty, answer.Text);
        IsOpenAiError(JsonNode.Parse(Events[^1])!, cut.Code);
        Assert.That(answer.Text, Does.Not.Contain("[DONE]"));
        Assert.That(Attempts(), Is.EqualTo(new[] { $"{failing} {cut.Attempt} {(cut.OutputTokens > 0 ? "charged" : "free")}" }));
        if (cut.OutputTokens == 0)
        {
            IsFree(failing);
            return;
        }

        Assert.That(Delivered(), Is.EqualTo("a a a"));
        Assert.That((Text("outcome"), Channel), Is.EqualTo(("interrupted", failing)));
        Assert.That(receipt["fallbackUsed"]!.GetValue<bool>(), Is.False);
        Assert.That(Usage("countedBy"), Is.EqualTo("gateway"));
        Assert.That(Tokens("inputTokens"), Is.InRange(1, 40));
        Assert.That(Tokens("outputTokens"), Is.InRange(1, cut.OutputTokens));
        CostsWhatItSays();
    }

    /// <summary>The client gets the whole answer of the first channel.</summary>
    public void IsSound(string failing, Ending.Sound sound)
    {
        IsAnswer(sound.Text);
        Assert.That(Attempts(), Is.EqualTo(new[] { $"{failing} 200  charged" }));
        Assert.That((Text("outcome"), Channel, Usage("countedBy")), Is.EqualTo(("complete", failing, sound.CountedBy)));
        Assert.That(receipt["fallbackUsed"]!.GetValue<bool>(), Is.False);
        if (sound.Cost is { } cost)
        {
            Assert.That(Cost, Is.EqualTo(cost));
            return;
        }

        Assert.That(Tokens("inputTokens"), Is.InRange(1, 40));
        Assert.That(Tokens("outputTokens"), Is.EqualTo(3));
        CostsWhatItSays();
    }

    public void NamesNoSecret(params string[] addresses)
    {
        Assert.That(answer.Text, Does.Not.Contain("sk-canary"));
        foreach (var address in addresses)
            Assert.That(answer.Text, Does.Not.Contain(new Uri(address).Authority));
    }

    private void IsAnswer(string text)
    {
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(Delivered(), Is.EqualTo(text), answer.Text);
        if (streamed)
        {
            Assert.That(Events[^1], Is.EqualTo("[DONE]"));
            Assert.That(answer.Text, Does.Not.Contain("\"error\""));
        }
        else
        {
            Assert.That(answer.Json["usage"]!["cost"]!.GetValue<decimal>(), Is.EqualTo(Cost));
            Assert.That(answer.Number("x-gateway-cost"), Is.EqualTo(Cost));
        }
    }

    private void IsFree(string channel)
    {
        Assert.That((Text("outcome"), Channel, Cost), Is.EqualTo(("failed", channel, 0m)));
        Assert.That(receipt["fallbackUsed"]!.GetValue<bool>(), Is.False);
        Assert.That(receipt["paidBy"]!.AsArray(), Is.Empty);
        Assert.That(Tokens("outputTokens"), Is.Zero);
    }

    private void CostsWhatItSays()
    {
        Assert.That(Cost, Is.EqualTo(Tokens("inputTokens") * InputPrice + Tokens("outputTokens") * OutputPrice));
        Assert.That(Cost, Is.LessThanOrEqualTo(receipt["hold"]!.GetValue<decimal>()));
    }

    private static void IsOpenAiError(JsonNode body, string code)
    {
        var error = body["error"]!;
        Assert.That(error["code"]!.GetValue<string>(), Is.EqualTo(code));
        Assert.That(error["message"]!.GetValue<string>(), Is.Not.Empty);
        Assert.That(error["type"]!.GetValue<string>(), Is.Not.Empty);
        Assert.That(error.AsObject().ContainsKey("param"), Is.True);
    }

    private string Delivered() => streamed
        ? string.Concat(Events.Where(static e => e.StartsWith('{')).Select(static e => JsonNode.Parse(e)!["choices"]?.AsArray().FirstOrDefault()?["delta"]?["content"]?.GetValue<string>()))
        : answer.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>();

    private string[] Attempts() => [.. receipt["attempts"]!.AsArray().Select(static attempt =>
        $"{attempt!["channel"]} {attempt["status"]} {attempt["error"]} {(attempt["charged"]!.GetValue<bool>() ? "charged" : "free")}")];

    private string Text(string name) => receipt[name]!.GetValue<string>();

    private string Usage(string name) => receipt["usage"]![name]!.GetValue<string>();

    private long Tokens(string name) => receipt["usage"]![name]!.GetValue<long>();
}
