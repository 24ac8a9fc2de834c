namespace Gateway.Ledger.Proof;

/// <summary>A shared front as proofs read it: only accounts of the epoch that they name, a bounded part at a time, without a lock.</summary>
internal interface IFrontSource
{
    /// <summary>Every account that the epoch has loaded, in parts of some hundreds. One may come twice.</summary>
    /// <exception cref="Front.FrontUnavailableException">It does not answer, or is in another epoch.</exception>
    IAsyncEnumerable<FrontPart> AccountsAsync(long epoch, CancellationToken cancellationToken);

    /// <summary>What the front has of these accounts; of one that the epoch has not loaded: nothing.</summary>
    /// <exception cref="Front.FrontUnavailableException">It does not answer, is in another epoch, or has too much in flight to be looked at in one step.</exception>
    Task<FrontReading> ReadAsync(long epoch, IReadOnlyCollection<string> accounts, CancellationToken cancellationToken);
}

/// <summary>Some accounts of a front.</summary>
/// <param name="Accounts">Their names.</param>
/// <param name="Differences">What was found wrong on the way, in words.</param>
internal sealed record FrontPart(IReadOnlyList<string> Accounts, IReadOnlyList<string> Differences);

/// <summary>What a front has of some accounts. Amounts in nano-credits.</summary>
/// <param name="Buckets">The buckets; what is unrecorded of them is still to be worked out.</param>
/// <param name="Waiting">The charges that wait for the book, or are there and not acknowledged.</param>
/// <param name="Differences">What was found wrong on the way, in words.</param>
internal sealed record FrontReading(IReadOnlyList<FrontBucket> Buckets, IReadOnlyList<WaitingCharge> Waiting, IReadOnlyList<string> Differences);

/// <summary>What one settlement charged one bucket.</summary>
internal sealed record WaitingCharge(ReceiptId Receipt, string Account, string Bucket, long Amount);
