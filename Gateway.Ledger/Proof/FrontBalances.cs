namespace Gateway.Ledger.Proof;

/// <summary>One bucket as a front has it. Amounts in nano-credits.</summary>
/// <param name="Account">The account.</param>
/// <param name="Bucket">The bucket's id.</param>
/// <param name="Posted">What the front says it has.</param>
/// <param name="Held">What the front says is set aside.</param>
/// <param name="HeldByLiveHolds">The sum over the live holds that the front knows.</param>
/// <param name="Unrecorded">What settlements that are not in the book yet have charged.</param>
public readonly record struct FrontBucket(string Account, string Bucket, long Posted, long Held, long HeldByLiveHolds, long Unrecorded);

/// <summary>Reads every bucket that a front has loaded: what L1, L2 and L4 of the front are checked with.</summary>
public delegate IAsyncEnumerable<FrontBucket> FrontBalances(CancellationToken cancellationToken);

/// <summary>L1, L2, L4: a front against itself and against the book.</summary>
internal static class FrontCheck
{
    /// <summary>What is wrong with the bucket; <c>null</c>: nothing.</summary>
    /// <param name="bucket">The front's.</param>
    /// <param name="posted">The book's; <c>null</c>: the book has no such bucket.</param>
    public static string? Check(in FrontBucket bucket, long? posted)
    {
        var name = $"bucket {bucket.Bucket} of {bucket.Account}";
        if (bucket.Held < 0 || bucket.Held > bucket.Posted)
            return $"L1: {name} has {bucket.Held} held of {bucket.Posted} in the front";
        if (bucket.Held != bucket.HeldByLiveHolds)
            return $"L2: {name} has {bucket.Held} held in the front, its live holds {bucket.HeldByLiveHolds}";
        if (posted is null)
            return $"L4: {name} is in the front and not in the book";
        return bucket.Posted == posted - bucket.Unrecorded
            ? null
            : $"L4: {name} has {bucket.Posted} in the front, {posted} in the book, and {bucket.Unrecorded} on the way";
    }
}
