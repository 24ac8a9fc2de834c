using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using NUnit.Framework;

namespace Gateway.Tests.Chaos;

/// <summary>The crash matrix: a real gateway dies, hangs or fails between any two of its durable steps, and leaves exactly the row that is promised.</summary>
/// <remarks><c>GATEWAY_CRASH_CASES</c>: how many cases are drawn (default 24; <c>all</c>), <c>GATEWAY_CRASH_SEED</c>: how (default: another draw each day).</remarks>
[TestFixture]
[NonParallelizable]
internal sealed class CrashPointTests
{
    private const long InputNano = 1_400;
    private const long OutputNano = 2_800;
    private const int Words = 14;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Long enough for a stalled thread to be stalled, short enough for its lease.
    private static readonly TimeSpan HangTime = TimeSpan.FromMilliseconds(300);

    private static readonly int Seed =
        int.TryParse(Environment.GetEnvironmentVariable("GATEWAY_CRASH_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : DateOnly.FromDateTime(DateTime.UtcNow).DayNumber;

    private DirectoryInfo template = null!;
    private JournalingUpstream upstream = null!;
    private string key = "";

    private static IEnumerable<CrashCase> Drawn
    {
        get
        {
            var asked = Environment.GetEnvironmentVariable("GATEWAY_CRASH_CASES");
            var count = asked == "all" ? CrashCase.All.Count : int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 24;
            var random = new Random(Seed);
            return CrashCase.All.OrderBy(_ => random.Next()).Take(count);
        }
    }

    // Every case begins with a copy of the same book, so that the points are reached by its one call alone.
    [OneTimeSetUp]
    public async Task MakeTemplate()
    {
        await Summary.WriteAsync($"Crash points: {Drawn.Count()} of {CrashCase.All.Count}, GATEWAY_CRASH_SEED={Seed}");
        template = Directory.CreateTempSubdirectory("gateway-crash-template-");
        upstream = await JournalingUpstream.StartAsync();
        using var gateway = Start(template.FullName, crash: null);
        await gateway.AnswersAsync();
        key = await gateway.KeyWithCreditAsync();
        await EndAsync(gateway);
    }

    [OneTimeTearDown]
    public async Task DeleteTemplate()
    {
        await upstream.DisposeAsync();
        template.Delete(recursive: true);
    }

    [TestCaseSource(nameof(Drawn))]
    public async Task A_crash_leaves_the_row_that_is_promised(CrashCase crash)
    {
        var folder = Copy();
        var id = $"crash-{Guid.NewGuid():n}";
        try
        {
            var seen = crash.IsInReplay ? await CrashInReplayAsync(folder, crash, id) : await CrashInCallAsync(folder, crash, id);
            using var gateway = Start(folder, crash: null);
            await gateway.AnswersAsync();
            await RestsAsync(gateway);
            await EndAsync(gateway);

            var book = await StoredBook.ReadAsync(Path.Combine(folder, "data", "gateway.db"));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(book.Broken, Is.Empty, "invariants");
                Assert.That(book.Buckets.Sum(static bucket => bucket.Spent), Is.EqualTo(book.Receipts.Sum(static receipt => receipt.Net)), "spent");
                Check(crash.Row, book.Receipts, seen);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task EndAsync(GatewayProcess gateway)
    {
        await gateway.TerminateAsync();
        Assert.That(await gateway.EndAsync(), Is.Zero, gateway.Text());
    }

    // Nothing held and nothing unrecorded, in the same life: a failed step must not need a restart to be cleaned up.
    private static async Task RestsAsync(GatewayProcess gateway)
    {
        using var http = new HttpClient();
        JsonNode? ready = null, account = null;
        using var deadline = new CancellationTokenSource(Patience);
        while (!deadline.IsCancellationRequested)
        {
            ready = JsonNode.Parse(await http.GetStringAsync(new Uri(gateway.Address, "/health/ready"), CancellationToken.None))!;
            account = await gateway.GetAsync($"/api/accounts/{ChaosCluster.Account}");
            if (ready["unrecorded"]!.GetValue<long>() == 0 && account["buckets"]!.AsArray().All(static bucket => bucket!["held"]!.GetValue<decimal>() == 0))
                return;
            await Task.Delay(50, CancellationToken.None);
        }

        Assert.Fail($"The gateway has not come to rest: {account?.ToJsonString()} {ready?.ToJsonString()} {gateway.Text()}");
    }

    private async Task<CallSeen> CrashInCallAsync(string folder, CrashCase crash, string id)
    {
        using var gateway = Start(folder, $"{crash.Point}:{crash.How}");
        await gateway.AnswersAsync();
        using var client = new ChaosClient(key);
        var isLong = crash.Point is "hold_renewed" or "checkpoint_spooled" or "upstream_ended";

        // Renewals come at a quarter of the lease of 3 s: a long call meets one.
        var delay = !isLong ? 0 : crash.Streamed ? 100 : 1_300;
        var call = client.CallAsync(gateway.Address, id, "fake/words", crash.Streamed, Words, delay, hangUpAfter: null);
        await HappenAsync(gateway, crash);
        if (crash.How == "hang")
            await gateway.KillAsync();
        var seen = await call;
        if (crash.How == "throw")
        {
            await RestsAsync(gateway);
            await EndAsync(gateway);
        }

        return seen;
    }

    private async Task<CallSeen> CrashInReplayAsync(string folder, CrashCase crash, string id)
    {
        var seen = await CrashInCallAsync(folder, crash with { Point = "settle_spooled", How = "exit" }, id);
        using var gateway = Start(folder, $"{crash.Point}:{crash.How}");
        await HappenAsync(gateway, crash);
        if (crash.How == "hang")
            await gateway.KillAsync();
        Assert.That(await gateway.EndAsync(), Is.Not.Zero, "a start whose replay fails");
        return seen;
    }

    private static async Task HappenAsync(GatewayProcess gateway, CrashCase crash)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!gateway.Errors.Any(line => line.StartsWith($"Crash point {crash.Point}: ", StringComparison.Ordinal)))
        {
            if (deadline.IsCancellationRequested || (gateway.HasEnded && crash.How != "exit"))
                Assert.Fail($"The point was never reached: {gateway.Text()}");
            if (gateway.HasEnded)
                break;
            await Task.Delay(10, CancellationToken.None);
        }

        if (crash.How == "exit")
            await gateway.EndAsync();
        else if (crash.How == "hang")
            await Task.Delay(HangTime, CancellationToken.None);
    }

    private void Check(CrashRow row, List<StoredReceipt> receipts, CallSeen seen)
    {
        var emission = upstream.Journal.GetValueOrDefault(seen.Id);
        var emitted = emission is null ? 0 : emission.PromptTokens * InputNano + emission.OutputTokens * OutputNano;
        if (seen.End == SeenEnd.Complete)
            Assert.That(row, Is.EqualTo(CrashRow.Delivered).Or.EqualTo(CrashRow.Stands), $"{seen}: a complete answer is paid for");
        if (row.Charged == Charged.NoReceipt)
        {
            Assert.That(receipts, Is.Empty);
            return;
        }

        Assert.That(receipts, Has.Count.EqualTo(1), $"{seen}");
        var receipt = receipts[0];
        Assert.That((receipt.RunId, receipt.Outcome, receipt.Delivery, receipt.Shortfall), Is.EqualTo((seen.Id, row.Outcome, row.Delivery, 0L)), $"{seen}");
        Assert.That(receipt.Cost, row.Charged switch
        {
            Charged.Nothing => Is.Zero,
            Charged.Checkpoint => Is.Positive.And.LessThanOrEqualTo(emitted),
            _ => Is.EqualTo(emitted),
        }, $"{seen}");
    }

    private GatewayProcess Start(string folder, string? crash)
    {
        var settings = upstream.Settings();
        settings["Gateway__HoldLease"] = "3s";
        settings["Gateway__Durability"] = "process";
        if (crash is not null)
            settings["GATEWAY_TEST_CRASH"] = crash;
        return GatewayProcess.Start(folder, GatewayProcess.FreePort(), settings);
    }

    private string Copy()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-crash-").FullName;
        foreach (var file in template.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(template.FullName, file.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            file.CopyTo(target);
        }

        return folder;
    }
}
