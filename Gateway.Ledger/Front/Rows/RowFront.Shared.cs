using Gateway.Ledger.Book;
using Gateway.Ledger.Spool;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>The part that several gateways and several epochs need.</summary>
internal sealed partial class RowFront
{
    // A gateway that is alive and has not recorded for so long may have lost what it had to record.
    private static readonly TimeSpan ClaimPatience = TimeSpan.FromMinutes(1);

    private static readonly string Probe = EmbeddedText.Read("Front/Rows/probe.sql");
    private static readonly string Open = EmbeddedText.Read("Front/Rows/open.sql");
    private static readonly string Claim = EmbeddedText.Read("Front/Rows/claim.sql");
    private static readonly string Acknowledge = EmbeddedText.Read("Front/Rows/acknowledge.sql");

    /// <inheritdoc/>
    public async Task<FrontProbe> ProbeAsync(CancellationToken cancellationToken) =>
        (await rows.QueryAsync(
            Probe,
            [],
            static row => new FrontProbe(row.GetString(0), row.IsDBNull(1) ? null : row.GetInt64(1)),
            cancellationToken))[0];

    /// <inheritdoc/>
    /// <exception cref="FrontUnavailableException">The server is away, or the rows are open for a later epoch.</exception>
    public async Task OpenEpochAsync(long epoch, CancellationToken cancellationToken)
    {
        if (await rows.ExecuteAsync(Open, [RowValue.Of("epoch", epoch)], cancellationToken) == 0)
            throw new FrontUnavailableException($"The rows are open for a later epoch than {epoch}.");
    }

    /// <inheritdoc/>
    public void UseEpoch(long epoch) => Interlocked.Exchange(ref this.epoch, epoch);

    /// <inheritdoc/>
    public async Task RestoreAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken) =>
        await RunAsync(
            RowNames.Of(hold.Request),
            found =>
            {
                found.Delivered = delivered;
                found.State.Restore(hold, checkpoint, found.Key!, found.Member, found.Now + lease.Ticks);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement?> SettleAgainAsync(SettledCall call, CancellationToken cancellationToken)
    {
        var (loaded, settlement) = await rows.RunAsync(
            new RowNames(call.Account, call.KeyId, Receipt: call.ReceiptId, Partial: true),
            Epoch,
            found => SettleAgain(found, call),
            CancellationToken.None).WaitAsync(cancellationToken);
        return loaded ? settlement : null;
    }

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement> ChargeLateAsync(SettledCall call, CancellationToken cancellationToken) =>
        await RunAsync(
            new RowNames(call.Account, call.KeyId, ReceiptDocument.MemberId(call.Receipt.Span), call.ReceiptId),
            found =>
            {
                found.Recorder = gateway;
                found.Planned = over => ChargedCall.Of(call, over);
                found.OccurredAt = call.OccurredAt;
                return found.Hold is { Over: null }
                    ? SettleAgain(found, call) ?? throw new InvalidOperationException($"The hold {call.ReceiptId} is gone.")
                    : found.State.ChargeLate(call, found.Key!, found.Member, found.Now);
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnrecordedCall>> ClaimAsync(IReadOnlySet<string>? liveGateways, int most, CancellationToken cancellationToken)
    {
        var current = Epoch;
        var waiting = await rows.QueryAsync(
            Claim,
            [
                RowValue.Of("recording", liveGateways is null ? null : [.. liveGateways, gateway]),
                RowValue.Of("patience", ClaimPatience),
                RowValue.Of("now", rows.Now),
                RowValue.Of("most", most),
            ],
            static row => (
                Unrecorded: new UnrecordedCall(
                    SettlePayload.Read(new ReceiptId(row.GetGuid(0)), row.GetFieldValue<byte[]>(2)).Call,
                    row.IsDBNull(1) ? null : row.GetString(1)),
                Epoch: row.GetInt64(3)),
            cancellationToken);
        var claimed = new List<UnrecordedCall>(waiting.Count);
        foreach (var (unrecorded, since) in waiting)
        {
            // When everything is asked for, no account is loaded yet: the book takes what older epochs left as it is.
            if (since == current || liveGateways is null)
                claimed.Add(unrecorded);
            else if (await ChargeAgainAsync(unrecorded, cancellationToken) is { } charged)
                claimed.Add(charged);
        }

        return claimed;
    }

    /// <inheritdoc/>
    public async Task AcknowledgeAsync(IReadOnlyList<(string Account, ReceiptId Id)> recorded, CancellationToken cancellationToken) =>
        await rows.ExecuteAsync(
            Acknowledge,
            [RowValue.Of("receipts", [.. recorded.Select(static call => call.Id.Value)]), RowValue.Of("now", rows.Now)],
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ForgiveAsync(
        string account, string keyId, string? memberId, DateOnly admitted, Credits amount, CancellationToken cancellationToken) =>
        await rows.RunAsync(
            new RowNames(account, keyId, memberId, Partial: true),
            Epoch,
            found =>
            {
                // Who is not loaded yet will be loaded with the refund.
                found.Key?.Spending.Settle(admitted, 0, -amount.Nano);
                found.Member?.Settle(admitted, 0, -amount.Nano);
                return true;
            },
            cancellationToken);

    // A settlement of an older epoch is not in this one's balances. Either the book has it, and nobody came to say so, or it is charged now.
    private async Task<UnrecordedCall?> ChargeAgainAsync(UnrecordedCall unrecorded, CancellationToken cancellationToken)
    {
        var call = unrecorded.Call;
        if (await book.FindReceiptAsync(call.ReceiptId, workspace: null, keyId: null, cancellationToken) is not null)
        {
            await AcknowledgeAsync([(call.Account, call.ReceiptId)], cancellationToken);
            return null;
        }

        return unrecorded with { Call = ChargedCall.Of(call, await ChargeLateAsync(call, cancellationToken)) };
    }

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
