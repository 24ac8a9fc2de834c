using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Starting, starting again and stopping, as an operator sees them.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class RestartTests
{
    private static readonly Dictionary<string, string> Nothing = [];

    private DirectoryInfo folder;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("gateway-restart-");

    [TearDown]
    public void DeleteFolder() => folder.Delete(recursive: true);

    [Test]
    public async Task A_gateway_with_nothing_configured_keeps_its_key_pack_and_balance_over_a_restart()
    {
        var port = GatewayProcess.FreePort();
        var lines = new List<string>();
        var packs = new List<(string Id, decimal Credited, decimal Before, decimal After)>();

        foreach (var start in (string[])["first", "second"])
        {
            var started = Stopwatch.GetTimestamp();
            using var gateway = GatewayProcess.Start(folder.FullName, port, Nothing);
            var line = await gateway.LineAsync("curl ");
            var (id, credited, before) = await PackAsync(gateway.Address, line);
            var answer = await RunAsync(line);
            await TestContext.Out.WriteLineAsync($"{start} start to first answered call: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
            var (_, _, after) = await PackAsync(gateway.Address, line);
            lines.Add(line);
            packs.Add((id, credited, before, after));
            await gateway.TerminateAsync();

            Assert.That(JsonNode.Parse(answer)?["choices"]?[0]?["message"]?["content"]?.GetValue<string>(), Is.EqualTo("Hello, ledger!"), answer);
            Assert.That(await gateway.EndAsync(), Is.Zero, gateway.Text());
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines[1], Is.EqualTo(lines[0]), "the key");
            Assert.That(packs[1].Id, Is.EqualTo(packs[0].Id), "the pack");
            Assert.That(packs[1].Credited, Is.EqualTo(packs[0].Credited), "what the pack began with");
            Assert.That(packs[0].After, Is.LessThan(packs[0].Before), "the call was charged");
            Assert.That(packs[1].Before, Is.EqualTo(packs[0].After), "the balance");
        }
    }

    [Test]
    public async Task A_second_gateway_on_the_same_spool_does_not_start_and_names_the_setting()
    {
        var other = folder.CreateSubdirectory("other");
        using var first = GatewayProcess.Start(folder.FullName, GatewayProcess.FreePort(), Nothing);
        await first.AnswersAsync();

        using var second = GatewayProcess.Start(
            other.FullName, GatewayProcess.FreePort(), new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway__Spool"] = Path.Combine(folder.FullName, "data", "spool") });
        var exitCode = await second.EndAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(second.Errors, Has.Count.EqualTo(1).And.One.StartsWith("Gateway__Spool: "), second.Text());
        }
    }

    [TestCase("Gateway__Durability", "fast")]
    [TestCase("Gateway__HoldLease", "1s")]
    [TestCase("ConnectionStrings__Redis", "x")]
    public async Task A_wrong_setting_stops_the_start_with_one_line_that_names_it(string setting, string value)
    {
        using var gateway = GatewayProcess.Start(folder.FullName, GatewayProcess.FreePort(), new Dictionary<string, string>(StringComparer.Ordinal) { [setting] = value });

        var exitCode = await gateway.EndAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Not.Zero);
            Assert.That(gateway.Errors, Has.Count.EqualTo(1).And.One.StartsWith($"{setting}: "), gateway.Text());
        }
    }

    [Test]
    public async Task A_running_stream_is_drained_at_SIGTERM()
    {
        await using var upstream = await JournalingUpstream.StartAsync();
        using var gateway = GatewayProcess.Start(folder.FullName, GatewayProcess.FreePort(), upstream.Settings());
        await gateway.AnswersAsync();
        using var client = new HttpClient { BaseAddress = gateway.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await gateway.KeyWithCreditAsync());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Content = new StringContent(
            """{"model":"fake/words","stream":true,"max_tokens":100,"messages":[{"role":"user","content":"drain 15 100"}]}""", Encoding.UTF8, "application/json");

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await gateway.TerminateAsync();
        var body = await answer.Content.ReadAsStringAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(body, Does.EndWith("data: [DONE]\n\n"));
            Assert.That(body.Split("\"content\":\" a\"").Length - 1, Is.EqualTo(15), "words");
            Assert.That(await gateway.EndAsync(), Is.Zero, gateway.Text());
        }

        var (receipts, broken, _) = await StoredBook.ReadAsync(Path.Combine(folder.FullName, "data", "gateway.db"));
        Assert.That(broken, Is.Empty);
        Assert.That(receipts, Has.One.Matches<StoredReceipt>(static receipt => receipt is { Outcome: "complete", Delivery: "confirmed", Cost: > 0 }), string.Join('\n', receipts));
    }

    private static async Task<(string Id, decimal Credited, decimal Posted)> PackAsync(Uri address, string line)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", line.Split("Bearer ")[1].Split('\'')[0]);
        var pack = JsonNode.Parse(await client.GetStringAsync(new Uri(address, "/v1/balance")))!["buckets"]![0]!;
        return (pack["id"]!.GetValue<string>(), pack["credited"]!.GetValue<decimal>(), pack["posted"]!.GetValue<decimal>());
    }

    // As a person would: the line goes to a shell. Without curl, what it says goes through HttpClient.
    private static async Task<string> RunAsync(string line)
    {
        if (File.Exists("/usr/bin/curl"))
        {
            var start = new ProcessStartInfo("sh", ["-c", line.Replace("curl ", "curl -s ", StringComparison.Ordinal)]) { UseShellExecute = false, RedirectStandardOutput = true };
            using var shell = Process.Start(start) ?? throw new InvalidOperationException("sh did not start.");
            return await shell.StandardOutput.ReadToEndAsync();
        }

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, line.Split(' ')[1]);
        request.Headers.Authorization = new("Bearer", line.Split("Bearer ")[1].Split('\'')[0]);
        request.Content = new StringContent(line.Split("-d '")[1].TrimEnd('\''), Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
