namespace Gateway.Ledger.Coordination;

/// <summary>Where gateways meet: heartbeats, and the row that says which front is in force.</summary>
internal interface ICoordination
{
    /// <summary>Says that this gateway lives, and reads the rest.</summary>
    Task<BeatAnswer> BeatAsync(GatewayBeat beat, CancellationToken cancellationToken);

    /// <summary>Replaces the row if it still is what the caller saw; <c>false</c>: another gateway was faster.</summary>
    Task<bool> MoveAsync(FrontState from, FrontState to, CancellationToken cancellationToken);

    /// <summary>This gateway ends: nobody waits for it any more.</summary>
    Task LeaveAsync(string gateway, CancellationToken cancellationToken);
}
