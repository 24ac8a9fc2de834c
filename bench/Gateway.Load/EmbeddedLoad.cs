using System.Diagnostics;
using Gateway.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Load;

/// <summary>What the ledger of one gateway alone (SQLite, front in memory) costs a call, without HTTP: hold, settle, deliver, finish, record.</summary>
internal static class EmbeddedLoad
{
    private const int Rounds = 5;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);
    private static readonly Credits MostCost = new(12_000_000);
    private static readonly KeyLimits Key = new() { KeyId = "key_0", Burst = 1_000_000, RefillPerSecond = 1_000_000 };

    /// <summary>Prints this process's CPU and allocated bytes a call, in rounds of so many seconds at a fixed rate.</summary>
    public static async Task<int> RunAsync(Durability durability, double rate, double seconds)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-load-");
        var options = new LedgerOptions
        {
            BookFile = Path.Combine(folder.FullName, "gateway.db"), SpoolFolder = folder.CreateSubdirectory("spool").FullName, Durability = durability,
        };
        await using (var storage = await LedgerStorage.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, default))
        {
            await storage.Ledger.PostAsync(
                new Posting { Account = "acc_0", Workspace = "ws_default", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = Credits.MaxPerBucket, Actor = "bench" },
                default);
            await LoadAsync(storage.Ledger, rate, WarmUp.TotalSeconds);
            Console.WriteLine("round   calls  cpu_us   bytes");
            for (var round = 1; round <= Rounds; round++)
            {
                var (cpu, bytes) = (Cpu(), GC.GetTotalAllocatedBytes());
                var calls = await LoadAsync(storage.Ledger, rate, seconds);
                Console.WriteLine($"{round,5} {calls,7} {(Cpu() - cpu).TotalMicroseconds / calls,7:F1} {(GC.GetTotalAllocatedBytes() - bytes) / calls,7}");
            }
        }

        folder.Delete(recursive: true);
        return 0;
    }

    private static async Task<int> LoadAsync(ILedger ledger, double rate, double seconds)
    {
        var started = Stopwatch.GetTimestamp();
        var sent = 0;
        while (Stopwatch.GetElapsedTime(started).TotalSeconds is var elapsed && elapsed < seconds)
        {
            for (var due = (int)(elapsed * rate); sent < due; sent++)
                await CallAsync(ledger);
            await Task.Delay(Tick);
        }

        while (ledger.Health.Unrecorded > 0)
            await Task.Delay(Tick);
        return sent;
    }

    private static async ValueTask CallAsync(ILedger ledger)
    {
        var facts = RecordLoad.Facts(0);
        var request = new HoldRequest
        {
            ReceiptId = ReceiptId.Create(TimeProvider.System.GetUtcNow()), Account = "acc_0", Key = Key, Price = RecordLoad.Price,
            Amount = MostCost, MinimumAmount = MostCost, Tokens = 4200, Facts = facts,
        };
        if (await ledger.HoldAsync(request, default) is not HoldResult.Held { Hold: var hold })
            throw new InvalidOperationException("A call was refused.");

        facts.Attempts.Add(new Attempt { N = 1, Channel = "ch_0123456789", UpstreamModel = "echo", Status = 200, LatencyMs = 700.3, FirstByteMs = 31.2, Charged = true });
        await ledger.SettleAsync(hold, new Settlement(Outcome.Complete, new Usage(24, 0, 0, 86, 0), CountedBy.Upstream), default);
        ledger.Delivering(hold);
        ledger.Finish(hold, Delivery.Confirmed);
    }

    private static TimeSpan Cpu()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }
}
