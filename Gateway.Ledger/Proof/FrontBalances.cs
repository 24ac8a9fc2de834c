namespace Gateway.Ledger.Proof;

/// <summary>One bucket as a front has it. Amounts in nano-credits.</summary>
/// <param name="Account">The account.</param>
/// <param name="Bucket">The bucket's id.</param>
/// <param name="Posted">What was credited less what was spent, as the front has it.</param>
/// <param name="Held">What the front says is set aside.</param>
/// <param name="HeldByLiveHolds">The sum over the live holds that the front knows.</param>
/// <param name="Unrecorded">What settlements that are not in the book yet have charged.</param>
internal readonly record struct FrontBucket(string Account, string Bucket, long Posted, long Held, long HeldByLiveHolds, long Unrecorded);

/// <summary>L1, L2, L4: a front against itself and against the book.</summary>
internal static class FrontCheck
{
    /// <summary>What is wrong with the bucket; <c>null</c>: nothing.</summary>
    /// <param name="bucket">The front's.</param>
    /// <param name="posted">The book's; <c>null</c>: the book has no such bucket.</param>
    public static string? Check(in FrontBucket bucket, long? posted)
    {
        var name = $"bucket {bucket.Bucket} of {bucket.Account}";
        var due = posted - bucket.Unrecorded;

        // Credits that are taken out while calls hold them leave when the holds end: until then more may be held than the book has.
        var takenOut = bucket.Held == bucket.HeldByLiveHolds && bucket.Posted == due;
        if (bucket.Held < 0 || (bucket.Held > Math.Max(bucket.Posted, 0) && !takenOut))
            return $"L1: {name} has {bucket.Held} held of {bucket.Posted} in the front (the book has {posted})";
        if (bucket.Held != bucket.HeldByLiveHolds)
            return $"L2: {name} has {bucket.Held} held in the front, its live holds {bucket.HeldByLiveHolds}";
        if (posted is null)
            return $"L4: {name} is in the front and not in the book";

        // Below zero is zero to the front: a call was charged what was taken out of the bucket, and the book has put that part on the house.
        return bucket.Posted == due || (bucket.Posted < 0 && due == 0)
            ? null
            : $"L4: {name} has {bucket.Posted} in the front, {posted} in the book, and {bucket.Unrecorded} on the way";
    }
}
