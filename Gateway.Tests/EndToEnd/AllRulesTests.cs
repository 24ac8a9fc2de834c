using System.ClientModel;
using System.Text;
using NUnit.Framework;
using OpenAI;
using OpenAI.Chat;

namespace Gateway.Tests.EndToEnd;

/// <summary>All six rule types on one request of the official .NET SDK: each in its turn, each on the receipt.</summary>
internal sealed class AllRulesTests : EndToEndFixture
{
    private static readonly string[] Order = ["model_override", "max_tokens_cap", "context_trim", "compress", "cache_enable", "fallback_chain"];

    [OneTimeSetUp]
    public async Task AddRules()
    {
        await Gateway.CreateModelAsync("other", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "other", "other-2");
        string[] configs =
        [
            """{"fromModel":"fake/echo-1","toModel":"fake/other"}""", """{"maxTokens":64}""", """{"maxMessages":4}""", "{}", """{"ttlSeconds":60}""",
            """{"candidates":[{"provider":"fake","model":"echo-1"}]}""",
        ];

        // The order of creation is not the order in which they run.
        foreach (var (type, config) in Order.Zip(configs).Reverse())
            await Gateway.PostAsync("/api/proxy-rules", $$"""{"type":"{{type}}","name":"{{type}}","config":{{config}}}""");
    }

    [Test]
    public async Task Each_rule_acts_in_its_turn_and_says_so([Values] bool streamed)
    {
        var script = $"fake:id=all-{streamed};status=503;only=other-2;count=3";
        var table = string.Join(",\n", Enumerable.Range(0, 30).Select(static n => $"  {{ \"id\": {n},  \"state\": \"sent\" }}"));
        ChatMessage[] messages =
        [
            new SystemChatMessage("You help with orders."),
            .. Enumerable.Range(0, 5).SelectMany(static n => new ChatMessage[] { new UserChatMessage($"And order {n}?"), new AssistantChatMessage($"Order {n} was sent.") }),
            new UserChatMessage(script),
            new AssistantChatMessage([ChatToolCall.CreateFunctionToolCall("c1", "orders", BinaryData.FromString("{}"))]),
            new ToolChatMessage("c1", $"[\n{table}\n]"),
        ];

        var (text, receiptId) = await AskAsync(messages, streamed);

        var receipt = await Gateway.GetAsync($"/api/receipts/{receiptId}");
        var sent = Upstream.Calls[$"all-{streamed}"].Json;
        Assert.That(text, Is.EqualTo("a a a"));
        Assert.That(receipt["rules"]!.AsArray().Select(static rule => rule!["type"]!.GetValue<string>()), Is.EqualTo(Order));
        Assert.That((receipt["requestedModel"]!.GetValue<string>(), receipt["routedModel"]!.GetValue<string>()), Is.EqualTo(("fake/echo-1", "fake/echo-1")), "there and back again");
        Assert.That(receipt["attempts"]!.AsArray().Select(static attempt => attempt!["upstreamModel"]!.GetValue<string>()), Is.EqualTo(new[] { "other-2", "echo-1" }));
        Assert.That((sent["max_completion_tokens"] ?? sent["max_tokens"])!.GetValue<int>(), Is.EqualTo(64));
        Assert.That(sent["messages"]!.AsArray(), Has.Count.LessThan(messages.Length));
        Assert.That(sent["messages"]!.AsArray()[^1]!["content"]!.ToString(), Has.Length.LessThan(table.Length).And.Contains("29"));
        Assert.That(sent["messages"]!.AsArray().Last(static message => message!["role"]!.GetValue<string>() == "user")!["content"]!.ToString(), Is.EqualTo(script));
    }

    private async Task<(string Text, string ReceiptId)> AskAsync(ChatMessage[] messages, bool streamed)
    {
        var client = new ChatClient(Model, new ApiKeyCredential(Key), new OpenAIClientOptions { Endpoint = new Uri(BaseUrl) });
        if (!streamed)
        {
            var completion = await client.CompleteChatAsync(messages);
            completion.GetRawResponse().Headers.TryGetValue("x-gateway-receipt", out var id);
            return (completion.Value.Content[0].Text, id!);
        }

        var text = new StringBuilder();
        var updates = client.CompleteChatStreamingAsync(messages);
        await foreach (var update in updates)
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
        }

        return (text.ToString(), await StreamedReceiptAsync());
    }

    // The SDK does not show a stream's headers: the only charge of a stream here is this call's.
    private async Task<string> StreamedReceiptAsync()
    {
        for (var n = 0; n < 100; n++)
        {
            foreach (var entry in (await Gateway.GetAsync("/api/entries?account=acc_default&limit=20"))["data"]!.AsArray())
            {
                var reference = entry!["reference"]!.GetValue<string>();
                if (entry["kind"]!.GetValue<string>() == "charge" && (await Gateway.GetAsync($"/api/receipts/{reference}"))["streamed"]!.GetValue<bool>())
                    return reference;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException("The charge of the stream is not in the book.");
    }
}
