using Gateway.Ledger.Front;

namespace Gateway.Ledger.Coordination;

/// <summary>What a gateway does at each phase of an epoch. Every step may be repeated.</summary>
internal interface IEpochWork
{
    /// <summary>Brings all that this gateway has settled (its own spool's rest included) to the book, and what dead gateways left in the book's own front.</summary>
    Task DrainAsync(ISharedFront rows, CancellationToken cancellationToken);

    /// <summary>Registers the live holds in the new front.</summary>
    Task RestoreAsync(ISharedFront front, CancellationToken cancellationToken);

    /// <summary>The epoch was opened without this gateway: what it has settled before is charged late, in the front.</summary>
    Task JoinAsync(ISharedFront front, CancellationToken cancellationToken);

    /// <summary>Now and then while the epoch is open: what was left over, lost or abandoned.</summary>
    /// <param name="front">The front.</param>
    /// <param name="liveGateways">The gateways that record their own calls.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task TendAsync(ISharedFront front, IReadOnlySet<string> liveGateways, CancellationToken cancellationToken);
}
