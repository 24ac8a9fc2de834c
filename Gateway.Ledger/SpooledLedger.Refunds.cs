using Gateway.Ledger.Front;
using Microsoft.Extensions.Logging;

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
            await CreditAsync(refunded.Account, bucket, CancellationToken.None);
        if (!refunded.Replayed)
            await ForgiveAsync(refunded);
        return result;
    }

    private async Task ForgiveAsync(RefundResult.Refunded refunded)
    {
        try
        {
            await front.ForgiveAsync(refunded.Account, refunded.KeyId, refunded.MemberId, refunded.Admitted, refunded.Amount, CancellationToken.None);
        }
        catch (FrontUnavailableException exception)
        {
            // Not tried again, for it may have happened: a budget that is too strict until the front loads the key again, never one that is too wide.
            LogNotForgiven(refunded.KeyId, exception.Message);
        }
    }

    [LoggerMessage(13, LogLevel.Warning, "No front could be told that {KeyId} has spent less by a refund: {Reason}")]
    private partial void LogNotForgiven(string keyId, string reason);
}
