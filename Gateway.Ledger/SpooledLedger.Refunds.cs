namespace Gateway.Ledger;

/// <summary>The part that gives charges back.</summary>
public sealed partial class SpooledLedger
{
    private static readonly TimeSpan RecordingPause = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public async ValueTask<RefundResult> RefundAsync(Refund refund, CancellationToken cancellationToken)
    {
        // Its receipt can be read before it is in the book: what is on its way there is waited for.
        var since = time.GetTimestamp();
        while (pending.TryGet(refund.ReceiptId, out _) && time.GetElapsedTime(since) < BookPatience)
            await Task.Delay(RecordingPause, time, cancellationToken);

        var result = await book.RefundAsync(refund, time.GetUtcNow(), cancellationToken);
        if (result is not RefundResult.Refunded refunded)
            return result;

        // CancellationToken.None: what is in the book must be told. A replay tells it again, for its first run may have died before.
        foreach (var bucket in refunded.Buckets)
            await front.CreditAsync(refunded.Account, bucket, CancellationToken.None);
        if (!refunded.Replayed)
            await front.ForgiveAsync(refunded.Account, refunded.KeyId, refunded.MemberId, refunded.Admitted, refunded.Amount, CancellationToken.None);
        return result;
    }
}
