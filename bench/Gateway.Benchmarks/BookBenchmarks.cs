using BenchmarkDotNet.Attributes;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Sqlite;

namespace Gateway.Benchmarks;

/// <summary>Settlements into the SQLite book in batches of 500, and the draft of one receipt. Times are for one settlement.</summary>
[MemoryDiagnoser]
[SimpleJob(launchCount: 1, warmupCount: 3, iterationCount: 12, invocationCount: Batches)]
public class BookBenchmarks
{
    private const int Batch = 500;
    private const int Batches = 8;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-bench-");
    private readonly Price price = new()
    {
        Version = 3, Currency = "CREDIT", RouteType = RouteType.Official, Base = new Rates { Input = 1_400_000, Output = 2_800_000 },
    };

    private readonly CallFacts facts = new()
    {
        KeyId = "key_0", Workspace = "ws_default", Tags = ["chat-support"], Endpoint = "/v1/chat/completions", Dialect = "openai", Streamed = true,
        RequestedModel = "demo/echo", RoutedModel = "demo/echo", Provider = "demo", Model = "echo", RouteType = RouteType.Official,
        PrimaryChannel = "ch_0123456789", Channel = "ch_0123456789", UpstreamModel = "echo", ReportedModel = "echo", LatencyMs = 740.1, FirstTokenMs = 210.4,
        TraceId = "0af7651916cd43dd8448eb211c80319c",
    };

    private readonly Queue<SettledCall[]> batches = new();
    private SqliteBook book = null!; // Opened in SetupAsync.
    private string[] buckets = [];

    /// <summary>Accounts that the calls of a batch are spread over.</summary>
    [Params(1, 100)]
    public int Accounts { get; set; }

    [Params(Durability.Power, Durability.Process)]
    public Durability Durability { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        facts.Attempts.Add(new Attempt { N = 1, Channel = "ch_0123456789", UpstreamModel = "echo", Status = 200, LatencyMs = 700.3, FirstByteMs = 31.2, Charged = true });
        book = new SqliteBook(Path.Combine(folder.FullName, "gateway.db"), Durability);
        await book.OpenAsync(default);
        buckets = new string[Accounts];
        for (var i = 0; i < Accounts; i++)
        {
            var posting = new Posting
            {
                Account = $"acc_{i}", Workspace = "ws_default", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = Credits.MaxPerBucket, Actor = "bench",
            };
            buckets[i] = ((PostingResult.Posted)await book.PostAsync(posting, DateTimeOffset.UtcNow, default)).Bucket.Id;
        }
    }

    [IterationSetup(Target = nameof(Record))]
    public void Fill()
    {
        batches.Clear();
        for (var i = 0; i < Batches; i++)
            batches.Enqueue([.. Enumerable.Range(0, Batch).Select(Call)]);
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public Task<int> Record() => book.RecordAsync(batches.Dequeue(), default);

    [Benchmark(OperationsPerInvoke = Batch)]
    public int Draft()
    {
        var bytes = 0;
        for (var i = 0; i < Batch; i++)
            bytes += Draft(ReceiptId.Create(DateTimeOffset.UnixEpoch)).Length;
        return bytes;
    }

    [GlobalCleanup]
    public async Task CleanAsync()
    {
        await book.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private byte[] Draft(ReceiptId id) => ReceiptDocument.Draft(
        facts, id, DateTimeOffset.UnixEpoch, Outcome.Complete, new Usage(24, 0, 0, 86, 0), CountedBy.Upstream, price,
        new Credits(274_400), Credits.Zero, new Credits(12_000_000));

    private SettledCall Call(int index)
    {
        var at = DateTimeOffset.UtcNow;
        var id = ReceiptId.Create(at);
        var share = new BucketShare(buckets[index % Accounts], BucketKind.Credit, new Credits(274_400), new Credits(1));
        return new SettledCall(
            id, $"acc_{index % Accounts}", "ws_default", $"key_{index % Accounts}", null, at, at, Outcome.Complete, share.Amount, Credits.Zero, [share], Draft(id));
    }
}
