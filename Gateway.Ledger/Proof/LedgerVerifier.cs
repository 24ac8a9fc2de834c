using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Book.Sqlite;

namespace Gateway.Ledger.Proof;

/// <summary>What one check found.</summary>
/// <param name="Name">The invariant, for example <c>I2 …</c>.</param>
/// <param name="Examined">How many rows were looked at.</param>
/// <param name="Of">What kind of rows.</param>
/// <param name="Differences">How many are wrong; counted up to <see cref="LedgerVerifier.MostDifferences"/>.</param>
/// <param name="First">The first difference in words; <c>null</c>: none.</param>
/// <param name="Time">How long it took.</param>
public sealed record CheckResult(string Name, long Examined, string Of, long Differences, string? First, TimeSpan Time);

/// <summary>Checks a whole book: the invariants, every block of every chain, every receipt's arithmetic. Reads one consistent state, and writes nothing.</summary>
public sealed class LedgerVerifier
{
    /// <summary>A check stops counting here.</summary>
    public const int MostDifferences = 1_000;

    private readonly IProofBook book;
    private readonly ReceiptKeys? keys;
    private readonly Func<CancellationToken, Task<FrontFindings>>? front;

    internal LedgerVerifier(IProofBook book, ReceiptKeys? keys, Func<CancellationToken, Task<FrontFindings>>? front)
    {
        this.book = book;
        this.keys = keys;
        this.front = front;
    }

    /// <summary>A verifier of the book that the options name; nothing is opened yet, and nothing will be made.</summary>
    /// <param name="options">Book and keys.</param>
    /// <param name="front">Also compares this front with the book; <c>null</c>: the book alone.</param>
    public static LedgerVerifier Of(LedgerOptions options, FrontComparison? front) => new(
        options.BookConnection is { } connection ? new PostgresProof(connection) : new SqliteProof(options.BookFile),
        options.Keys,
        front is null ? null : front.CompareAsync);

    /// <summary>All checks, one after the other.</summary>
    /// <exception cref="System.Data.Common.DbException">The book cannot be read.</exception>
    /// <exception cref="IOException">The book is not there, or the front does not answer.</exception>
    /// <exception cref="Front.Redis.FrontSettingException">The front is Redis, and the options name none that can be used.</exception>
    public async IAsyncEnumerable<CheckResult> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var snapshot = await book.OpenSnapshotAsync(cancellationToken);
        var totals = await snapshot.TotalsAsync(cancellationToken);
        foreach (var check in ProofChecks.All)
            yield return await RunAsync(snapshot, check, totals, cancellationToken);
        foreach (var result in await WalkAsync(snapshot, totals, cancellationToken))
            yield return result;

        var roots = new Tally("daily roots continue each other and name their blocks", "roots");
        await foreach (var difference in DailyRoots.CheckAsync(snapshot, keys, cancellationToken))
            roots.Add(difference);
        yield return roots.Result(totals.Roots);

        if (front is not null)
            yield return await CompareFrontAsync(front, cancellationToken);
    }

    private static async Task<CheckResult> RunAsync(ProofSnapshot snapshot, ProofCheck check, BookTotals totals, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var (differences, first) = await snapshot.CheckAsync(check.Sql, MostDifferences, cancellationToken);
        return new CheckResult(check.Name, check.Examined(totals), check.Of, differences, first, Stopwatch.GetElapsedTime(started));
    }

    private async Task<IEnumerable<CheckResult>> WalkAsync(ProofSnapshot snapshot, BookTotals totals, CancellationToken cancellationToken)
    {
        var chains = new Tally("I11 every block is the hash of its rows and of the block before, signed, without gap", "blocks");
        var holds = new Tally("I7 a charge is within its hold, or explained", "receipts");
        var costs = new Tally("I8 a cost follows from its price lines", "receipts");
        var documents = new Tally("a receipt's row and payers say what its document says", "receipts");
        var walk = new ChainWalk(keys);
        await foreach (var block in snapshot.BlocksAsync(cancellationToken))
        {
            chains.Add(walk.Check(block));
            foreach (var receipt in block.Receipts)
            {
                var (hold, cost, document) = ReceiptDocumentCheck.Check(receipt);
                holds.Add(hold);
                costs.Add(cost);
                documents.Add(document);
            }
        }

        return [holds.Result(totals.Receipts), costs.Result(totals.Receipts), documents.Result(totals.Receipts), chains.Result(totals.Blocks)];
    }

    // Not in the snapshot, which may be minutes old by now: the front has no past.
    private static async Task<CheckResult> CompareFrontAsync(Func<CancellationToken, Task<FrontFindings>> front, CancellationToken cancellationToken)
    {
        var tally = new Tally("L1 to L4 the front holds what its live calls hold, never more than it has, and has what the book has", "buckets");
        var findings = await front(cancellationToken);
        foreach (var difference in findings.Differences)
            tally.Add(difference);
        return tally.Result(findings.Examined);
    }

    private sealed class Tally(string name, string of)
    {
        private readonly long started = Stopwatch.GetTimestamp();
        private long differences;
        private string? first;

        public void Add(string? difference)
        {
            if (difference is null)
                return;

            first ??= difference;
            differences++;
        }

        public CheckResult Result(long examined) => new(name, examined, of, differences, first, Stopwatch.GetElapsedTime(started));
    }
}
