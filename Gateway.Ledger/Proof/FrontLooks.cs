using Gateway.Ledger.Book.Postgres;

namespace Gateway.Ledger.Proof;

/// <summary>Looks at a front and the book until what differs between them is either gone or stands still.</summary>
/// <remarks>
/// On a system at work the two are read at two moments: a call that is settled and recorded in between, or a top-up that the front is told of just now, looks like
/// a difference. So a bucket's difference counts only when three looks in a row, half a second apart, see the very same one; the first look that sees none
/// clears the bucket. What is seen within one script or statement of the front, such as a lease without its hold, is no matter of two moments and counts at once.
/// </remarks>
/// <param name="front">The front.</param>
/// <param name="book">The book.</param>
/// <param name="epoch">The epoch in force.</param>
/// <param name="time">Waits between looks.</param>
internal sealed class FrontLooks(IFrontSource front, FrontBook book, long epoch, TimeProvider time)
{
    private const int AccountsAtOnce = 500;
    private const int SameLooks = 3;

    // A bucket that moves with every look, and whose differences never stand still, is left after some five seconds.
    private const int MostLooks = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<(string Account, string Bucket), (string Words, int Looks)> suspects = [];
    private readonly HashSet<string> differences = new(StringComparer.Ordinal);

    /// <summary>Looks at all of the accounts once, and again at those that differ.</summary>
    public async Task<FrontFindings> CompareAsync(IAsyncEnumerable<FrontPart> parts, CancellationToken cancellationToken)
    {
        var examined = 0L;
        await foreach (var part in parts.WithCancellation(cancellationToken))
        {
            differences.UnionWith(part.Differences);
            foreach (var accounts in part.Accounts.Chunk(AccountsAtOnce))
            {
                foreach (var (bucket, words) in await LookAsync(accounts, cancellationToken))
                {
                    examined++;
                    if (words is not null && suspects.Count < LedgerVerifier.MostDifferences)
                        suspects[bucket] = (words, 1);
                }
            }

            if (differences.Count >= LedgerVerifier.MostDifferences)
                break;
        }

        for (var look = 1; look < MostLooks && suspects.Count > 0; look++)
        {
            await Task.Delay(Pause, time, cancellationToken);
            await LookAgainAsync(cancellationToken);
        }

        return new FrontFindings(examined, [.. differences]);
    }

    private async Task LookAgainAsync(CancellationToken cancellationToken)
    {
        var seen = new Dictionary<(string Account, string Bucket), string?>();
        foreach (var accounts in suspects.Keys.Select(static bucket => bucket.Account).Distinct(StringComparer.Ordinal).Chunk(AccountsAtOnce))
        {
            foreach (var (bucket, words) in await LookAsync(accounts, cancellationToken))
                seen[bucket] = words;
        }

        foreach (var (bucket, (words, looks)) in suspects.ToArray())
        {
            if (seen.GetValueOrDefault(bucket) is not { } now)
                suspects.Remove(bucket);
            else if (!string.Equals(now, words, StringComparison.Ordinal))
                suspects[bucket] = (now, 1);
            else if (looks + 1 < SameLooks)
                suspects[bucket] = (now, looks + 1);
            else if (suspects.Remove(bucket))
                differences.Add(now);
        }
    }

    // The front first: what it has settled by then and the book has not recorded is known by its receipts, whenever the book is read.
    private async Task<List<((string Account, string Bucket) Bucket, string? Words)>> LookAsync(string[] accounts, CancellationToken cancellationToken)
    {
        var reading = await front.ReadAsync(epoch, accounts, cancellationToken);
        differences.UnionWith(reading.Differences);
        var receipts = reading.Waiting.Select(static charge => charge.Receipt).Distinct().ToArray();
        var (posted, recorded) = await book.ReadAsync(accounts, receipts, cancellationToken);

        var unrecorded = new Dictionary<(string Account, string Bucket), long>();
        foreach (var charge in reading.Waiting)
        {
            var bucket = (charge.Account, charge.Bucket);
            if (!recorded.Contains(charge.Receipt.Value))
                unrecorded[bucket] = unrecorded.GetValueOrDefault(bucket) + charge.Amount;
        }

        var seen = new List<((string Account, string Bucket) Bucket, string? Words)>(reading.Buckets.Count);
        foreach (var bucket in reading.Buckets)
        {
            var name = (bucket.Account, bucket.Bucket);
            long? inBook = posted.Remove(name, out var amount) ? amount : null;
            seen.Add((name, FrontCheck.Check(bucket with { Unrecorded = unrecorded.GetValueOrDefault(name) }, inBook)));
        }

        // What is left the front does not have, though it has the account.
        var loaded = reading.Buckets.Select(static bucket => bucket.Account).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, amount) in posted)
        {
            if (amount > 0 && loaded.Contains(name.Account))
                seen.Add((name, $"L4: bucket {name.Bucket} of {name.Account} has {amount} in the book and is not in the front"));
        }

        return seen;
    }
}
