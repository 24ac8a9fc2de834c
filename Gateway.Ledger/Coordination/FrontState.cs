using Gateway.Ledger.Front;

namespace Gateway.Ledger.Coordination;

/// <summary>How far the opening of an epoch has come; in this order.</summary>
internal enum FrontPhase
{
    /// <summary>Nobody admits; every gateway brings what it has settled to the book.</summary>
    Drain,

    /// <summary>Every gateway registers its live holds in the new front.</summary>
    Restore,

    /// <summary>Calls are admitted.</summary>
    Open,
}

/// <summary>The one row that all gateways agree on.</summary>
/// <param name="Epoch">Counts the fronts since the installation.</param>
/// <param name="Front">The front of this epoch.</param>
/// <param name="Phase">How far it is.</param>
/// <param name="Life">The life of Redis that it was opened with; <c>null</c>: not opened yet, or not Redis.</param>
internal sealed record FrontState(long Epoch, FrontKind Front, FrontPhase Phase, string? Life);

/// <summary>What a gateway says of itself.</summary>
/// <param name="Gateway">Its id, new with each start.</param>
/// <param name="Epoch">The epoch that it has acknowledged last.</param>
/// <param name="Phase">The phase of it.</param>
/// <param name="RedisOk">Whether it reaches Redis; <c>null</c>: not known yet, or none configured.</param>
internal sealed record GatewayBeat(string Gateway, long Epoch, FrontPhase Phase, bool? RedisOk)
{
    /// <summary>Whether it has acknowledged this phase of this epoch, or is further.</summary>
    public bool HasReached(long epoch, FrontPhase phase) => Epoch > epoch || (Epoch == epoch && Phase >= phase);
}

/// <summary>The answer to a heartbeat.</summary>
/// <param name="State">The row.</param>
/// <param name="Live">Every gateway whose heartbeat is not over, this one included.</param>
/// <param name="Now">The book's clock.</param>
internal sealed record BeatAnswer(FrontState State, IReadOnlyList<GatewayBeat> Live, DateTimeOffset Now);
