namespace Gateway.Ledger.Front;

/// <summary>A front that several gateways share: Redis, or the book while Redis is away. Its state belongs to one epoch; what is left of an older one is ignored.</summary>
internal interface ISharedFront : IFront
{
    /// <summary>Whether it answers, and which life of it: another text than before means that it was restarted, wiped or failed over.</summary>
    /// <exception cref="FrontUnavailableException">It does not answer.</exception>
    Task<FrontProbe> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Makes the epoch this front's own: accounts and holds of every other epoch are void from here on. Harmless when repeated.</summary>
    Task OpenEpochAsync(long epoch, CancellationToken cancellationToken);

    /// <summary>The epoch that this gateway's operations name from now on; the front refuses one that is not its own with <see cref="FrontUnavailableException"/>.</summary>
    void UseEpoch(long epoch);

    /// <summary>Registers a live hold of this gateway again under the current epoch, for its amount, checkpoint and split, before calls are admitted.
    /// Harmless when repeated. A bucket that has less than its part is held as far as it goes.</summary>
    Task RestoreAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken);

    /// <summary>Settles by the receipt's id a call whose <see cref="Hold"/> is gone with its process: as a settlement would, or the first result if it is over;
    /// <c>null</c>: the front has neither the hold nor its tombstone.</summary>
    ValueTask<FrontSettlement?> SettleAgainAsync(SettledCall call, CancellationToken cancellationToken);

    /// <summary>Charges a call that the front knows nothing of and that is not in the book: from what is available now, the rest is shortfall. Once per receipt.</summary>
    ValueTask<FrontSettlement> ChargeLateAsync(SettledCall call, CancellationToken cancellationToken);

    /// <summary>Settled calls that wait for the book and whose gateway is not among the live ones (and not this one), and reaped ones, which have none.
    /// One that was charged in an older epoch and is not in the book is charged again in this one before it is returned.</summary>
    /// <param name="liveGateways">The ids of gateways that record their own calls; <c>null</c>: what waits from older epochs, as it is, while no account is loaded.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<IReadOnlyList<UnrecordedCall>> ClaimAsync(IReadOnlySet<string>? liveGateways, int most, CancellationToken cancellationToken);

    /// <summary>These are in the book: drops them from the settlements that wait, and lets their tombstones expire.</summary>
    Task AcknowledgeAsync(IReadOnlyList<(string Account, ReceiptId Id)> recorded, CancellationToken cancellationToken);
}

/// <summary>Which front an epoch has.</summary>
internal enum FrontKind
{
    /// <summary>Redis.</summary>
    Redis,

    /// <summary>Rows of the book.</summary>
    Book,
}

/// <summary>What a front said of itself.</summary>
/// <param name="Life">Changes with each life of a server: the run ids of all masters.</param>
/// <param name="Epoch">The epoch that it is in; <c>null</c>: none (empty), or its shards differ.</param>
internal sealed record FrontProbe(string Life, long? Epoch);

/// <summary>A settlement that the front keeps for the book.</summary>
/// <param name="Call">What to record, with what the front really charged.</param>
/// <param name="Gateway">Who settled it; <c>null</c>: it was reaped.</param>
internal sealed record UnrecordedCall(SettledCall Call, string? Gateway);

/// <summary>The front did not answer, or is in another epoch: whether the operation happened is not known.</summary>
internal sealed class FrontUnavailableException(string message, Exception? cause = null) : IOException(message, cause);
