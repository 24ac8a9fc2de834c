using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Spool;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>The part that several gateways and several epochs need.</summary>
internal sealed partial class RowFront
{
    private static readonly string Probe = EmbeddedText.Read("Front/Rows/probe.sql");
    private static readonly string Claim = EmbeddedText.Read("Front/Rows/claim.sql");
    private static readonly string Acknowledge = EmbeddedText.Read("Front/Rows/acknowledge.sql");

    /// <inheritdoc/>
    public FrontKind Kind => FrontKind.Book;

    /// <inheritdoc/>
    public async Task<FrontProbe> ProbeAsync(CancellationToken cancellationToken) =>
        (await rows.QueryAsync(
            Probe,
            [],
            static row => new FrontProbe(row.GetString(0), row.IsDBNull(1) ? null : row.GetInt64(1)),
            cancellationToken))[0];

    /// <summary>Nothing to write: the epoch of the rows is the one of <c>front_state</c>, and rows of any other are void by that. Only asks whether the server is there.</summary>
    public async Task OpenEpochAsync(long epoch, CancellationToken cancellationToken) => await ProbeAsync(cancellationToken);

    /// <inheritdoc/>
    public void UseEpoch(long epoch) => Interlocked.Exchange(ref this.epoch, epoch);

    /// <inheritdoc/>
    public async Task RestoreAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken) =>
        await RunAsync(
            RowNames.Of(hold.Request),
            found =>
            {
                found.Delivered = delivered;
                found.State.Restore(hold, checkpoint, found.Key!, found.Now + lease.Ticks);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement?> SettleAgainAsync(SettledCall call, CancellationToken cancellationToken)
    {
        var (loaded, settlement) = await rows.RunAsync(
            new RowNames(call.Account, call.KeyId, call.ReceiptId),
            Epoch,
            found => SettleAgain(found, call),
            CancellationToken.None).WaitAsync(cancellationToken);
        return loaded ? settlement : null;
    }

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement> ChargeLateAsync(SettledCall call, CancellationToken cancellationToken) =>
        await RunAsync(
            new RowNames(call.Account, call.KeyId, call.ReceiptId),
            found =>
            {
                found.Recorder = gateway;
                found.Planned = over => ChargedCall.Of(call, over);
                found.OccurredAt = call.OccurredAt;
                return found.Hold is { Over: null }
                    ? SettleAgain(found, call) ?? throw new InvalidOperationException($"The hold {call.ReceiptId} is gone.")
                    : found.State.ChargeLate(call, found.Key!, found.Now);
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnrecordedCall>> ClaimAsync(IReadOnlySet<string>? liveGateways, int most, CancellationToken cancellationToken) =>
        await rows.QueryAsync(
            Claim,
            [RowValue.Of("recording", liveGateways is null ? [] : [.. liveGateways, gateway]), RowValue.Of("now", rows.Now), RowValue.Of("most", most)],
            static row => new UnrecordedCall(
                SettlePayload.Read(new ReceiptId(row.GetGuid(0)), row.GetFieldValue<byte[]>(2)).Call,
                row.IsDBNull(1) ? null : row.GetString(1)),
            cancellationToken);

    /// <inheritdoc/>
    public async Task AcknowledgeAsync(IReadOnlyList<(string Account, ReceiptId Id)> recorded, CancellationToken cancellationToken) =>
        await rows.ExecuteAsync(
            Acknowledge,
            [RowValue.Of("receipts", [.. recorded.Select(static call => call.Id.Value)]), RowValue.Of("now", rows.Now)],
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ForgiveAsync(
        string account, string keyId, string? memberId, DateOnly admitted, Credits amount, CancellationToken cancellationToken) =>

        // A key that is not loaded yet will be loaded with the refund.
        await rows.RunAsync(
            new RowNames(account, keyId),
            Epoch,
            found =>
            {
                found.Key!.Settle(admitted, 0, -amount.Nano);
                return true;
            },
            cancellationToken);

    private FrontSettlement? SettleAgain(AccountRows found, SettledCall call)
    {
        if (found.Hold is not { } hold)
            return null;

        found.Recorder = gateway;
        found.Planned = over => ChargedCall.Of(call, over);

        // How many tokens were used is in its receipt only; the token clock keeps what was charged at the hold.
        return found.State.Settle(call.ReceiptId, call.Cost + call.Shortfall, call.Outcome is Outcome.Complete or Outcome.Overrun, hold.Tokens, found.Now);
    }
}
