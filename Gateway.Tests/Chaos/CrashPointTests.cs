using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using NUnit.Framework;

namespace Gateway.Tests.Chaos;

/// <summary>The crash matrix: a real gateway dies, hangs or fails between any two of its durable steps, and leaves exactly the row that is promised.</summary>
/// <remarks><c>GATEWAY_CRASH_CASES</c>: how many cases are drawn (default 24; <c>all</c>), <c>GATEWAY_CRASH_SEED</c>: how (default: another draw each day).</remarks>
[NonParallelizable]
internal abstract class CrashPointTests
{
    private const long InputNano = 1_400;
    private const long OutputNano = 2_800;
    private const int Words = 14;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Long enough for a stalled thread to be stalled, short enough for its lease.
    private static readonly TimeSpan HangTime = TimeSpan.FromMilliseconds(300);

    private static readonly int Seed =
        int.TryParse(Environment.GetEnvironmentVariable("GATEWAY_CRASH_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : DateOnly.FromDateTime(DateTime.UtcNow).DayNumber;

    private JournalingUpstream upstream = null!;
    private string key = "";

    /// <summary>Where the gateway whose book all cases begin with had its files.</summary>
    protected DirectoryInfo Template { get; private set; } = null!;

    private static int Count => Environment.GetEnvironmentVariable("GATEWAY_CRASH_CASES") switch
    {
        "all" => CrashCase.All.Count,
        var asked => int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 24,
    };

    // Every case begins with a copy of the same book, so that the points are reached by its one call alone.
    [OneTimeSetUp]
    public async Task MakeTemplate()
    {
        Template = Directory.CreateTempSubdirectory("gateway-crash-template-");
        upstream = await JournalingUpstream.StartAsync();
        await StartStoresAsync();
        using var gateway = Start(Template.FullName, crash: null);
        await gateway.AnswersAsync();
        key = await gateway.KeyWithCreditAsync();
        await EndAsync(gateway);
    }

    [OneTimeTearDown]
    public async Task DeleteTemplate()
    {
        await StopStoresAsync();
        await upstream.DisposeAsync();
        Template.Delete(recursive: true);
    }

    protected static IEnumerable<CrashCase> Draw(bool shared) => CrashCase.Drawn(shared, Seed, Count);

    protected abstract Task StartStoresAsync();

    protected abstract Task StopStoresAsync();

    /// <summary>Copies the template's book, for a gateway in the folder.</summary>
    protected abstract Task ForkAsync(string folder);

    protected abstract void Connect(IDictionary<string, string> settings);

    protected abstract Task<StoredBook> ReadBookAsync(string folder);

    protected async Task LeavesItsRowAsync(CrashCase crash)
    {
        await Summary.WriteAsync($"Crash point {(crash.Shared ? "PostgreSQL and Redis" : "SQLite")}: {crash}, GATEWAY_CRASH_SEED={Seed}");
        using var folder = new Folder();
        await ForkAsync(folder.Path);
        var id = $"crash-{Guid.NewGuid():n}";
        var seen = crash.Scene switch
        {
            CrashScene.InCall => await CrashInCallAsync(folder.Path, crash, id),
            CrashScene.InNextLife => await CrashInNextLifeAsync(folder.Path, crash, id),
            _ => await CrashInOtherAsync(folder.Path, crash, id),
        };

        using var gateway = Start(folder.Path, crash: null);
        await gateway.AnswersAsync();
        await RestsAsync(gateway);
        await EndAsync(gateway);

        var book = await ReadBookAsync(folder.Path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.Broken, Is.Empty, "invariants");
            Assert.That(book.Buckets.Sum(static bucket => bucket.PutIn - bucket.Posted), Is.EqualTo(book.Receipts.Sum(static receipt => receipt.Net)), "spent");
            Check(crash.Row, book.Receipts, seen);
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
        var state = "";
        using var http = new HttpClient();
        using var deadline = new CancellationTokenSource(Patience);
        while (!deadline.IsCancellationRequested)
        {
            try
            {
                using var health = await http.GetAsync(new Uri(gateway.Address, "/health/ready"), CancellationToken.None);
                var ready = JsonNode.Parse(await health.Content.ReadAsStringAsync(CancellationToken.None))!;
                var account = await gateway.GetAsync($"/api/accounts/{ChaosCluster.Account}");
                state = $"{account.ToJsonString()} {ready.ToJsonString()}";
                if (health.IsSuccessStatusCode && ready["unrecorded"]!.GetValue<long>() == 0
                    && account["buckets"]!.AsArray().All(static bucket => bucket!["held"]!.GetValue<decimal>() == 0))
                    return;
            }
            catch (HttpRequestException exception)
            {
                // Between two epochs there is no front to ask.
                state = exception.Message;
            }

            await Task.Delay(50, CancellationToken.None);
        }

        Assert.Fail($"The gateway has not come to rest: {state} {gateway.Text()}");
    }

    private async Task<CallSeen> CrashInCallAsync(string folder, CrashCase crash, string id)
    {
        using var gateway = Start(folder, crash);
        await gateway.AnswersAsync();
        using var client = new ChaosClient(key);

        // Renewals come at a quarter of the lease of 3 s: a long call meets one.
        var isLong = crash.Point is "hold_renewed" or "checkpoint_spooled" or "upstream_ended";
        var delay = !isLong ? 0 : crash.Streamed ? 100 : 1_300;
        var call = client.CallAsync(gateway.Address, id, "fake/words", crash.Streamed, Words, delay, hangUpAfter: null);
        await HappenAsync(gateway, crash);
        var seen = await call;
        if (crash.How == "throw")
        {
            await RestsAsync(gateway);
            await EndAsync(gateway);
        }

        return seen;
    }

    private async Task<CallSeen> CrashInNextLifeAsync(string folder, CrashCase crash, string id)
    {
        var seen = await CrashInCallAsync(folder, crash with { Scene = CrashScene.InCall, Point = "settle_spooled", How = "exit" }, id);
        using var gateway = Start(folder, crash);
        await HappenAsync(gateway, crash);
        if (crash.How != "throw")
            return seen;

        // A replay that fails stops the start; on a shared front it is repeated, until it is through.
        if (!crash.Shared)
        {
            Assert.That(await gateway.EndAsync(), Is.Not.Zero);
            return seen;
        }

        await gateway.AnswersAsync();
        await RestsAsync(gateway);
        await EndAsync(gateway);
        return seen;
    }

    private async Task<CallSeen> CrashInOtherAsync(string folder, CrashCase crash, string id)
    {
        using var lost = new Folder();
        using var other = Start(folder, crash);
        await other.AnswersAsync();
        var seen = await CrashInCallAsync(lost.Path, crash with { Scene = CrashScene.InCall, Point = "checkpoint_spooled", How = "exit" }, id);
        await HappenAsync(other, crash);
        if (crash.How == "throw")
        {
            await RestsAsync(other);
            await EndAsync(other);
        }

        return seen;
    }

    // After this the process is dead, unless the point only failed.
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
        {
            await gateway.EndAsync();
        }
        else if (crash.How == "hang")
        {
            await Task.Delay(HangTime, CancellationToken.None);
            await gateway.KillAsync();
        }
    }

    private void Check(CrashRow row, List<StoredReceipt> receipts, CallSeen seen)
    {
        var emission = upstream.Journal.GetValueOrDefault(seen.Id);
        var emitted = emission is null ? 0 : emission.PromptTokens * InputNano + emission.OutputTokens * OutputNano;
        if (seen.End == SeenEnd.Complete)
            Assert.That(row, Is.EqualTo(CrashRow.Delivered).Or.EqualTo(CrashRow.Stands), $"{seen}: a complete answer is paid for");
        if (row.Charged == Charged.NoReceipt || (row.Charged == Charged.NothingAtMost && receipts.Count == 0))
        {
            Assert.That(receipts, Is.Empty);
            return;
        }

        Assert.That(receipts, Has.Count.EqualTo(1), $"{seen}");
        var receipt = receipts[0];
        Assert.That((receipt.RunId, receipt.Outcome, receipt.Delivery, receipt.Shortfall), Is.EqualTo((seen.Id, row.Outcome, row.Delivery, 0L)), $"{seen}");
        Assert.That(receipt.Cost, row.Charged switch
        {
            Charged.Nothing or Charged.NothingAtMost => Is.Zero,
            Charged.Checkpoint => Is.Positive.And.LessThanOrEqualTo(emitted),
            _ => Is.EqualTo(emitted),
        }, $"{seen}");
    }

    private GatewayProcess Start(string folder, CrashCase? crash)
    {
        var settings = upstream.Settings();
        settings["Gateway__HoldLease"] = "3s";
        settings["Gateway__Durability"] = "process";
        Connect(settings);
        if (crash is not null)
            settings["GATEWAY_TEST_CRASH"] = $"{crash.Point}:{crash.How}";
        return GatewayProcess.Start(folder, GatewayProcess.FreePort(), settings);
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("gateway-crash-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
