using System.Diagnostics;
using Gateway.Ledger;
using Gateway.Transforms.Streaming;

namespace Gateway.Host.Pipeline;

/// <content>Answers that are neither JSON nor events: what they cost is known from the request, and their end waits for the settlement.</content>
internal sealed partial class Reply
{
    /// <summary>The relay of an attempt's sound, or of its transcription as text.</summary>
    public BinaryRelay RelayBinary(ModelCall call, CallAttempt attempt, Stream upstream) => new(
        upstream,
        new BinaryRelayOptions { IdleTimeout = attempt.Candidate.Channel.IdleTimeout, MaxTime = settings.MaxAnswerTime },
        () => call.ClientIsThere,
        relay => EndBinaryAsync(call, relay),
        relay => LastBytesAsync(call));

    private async ValueTask<bool> EndBinaryAsync(ModelCall call, BinaryRelay relay)
    {
        try
        {
            await SettleBinaryAsync(call, relay);
            return true;
        }
        catch (IOException exception)
        {
            LogNotSettled(exception, call.Hold!.ReceiptId.ToString());
            return false;
        }
    }

    private async ValueTask SettleBinaryAsync(ModelCall call, BinaryRelay relay)
    {
        call.Attempt!.Note(StatusCodes.Status200OK, relay.End switch
        {
            RelayEnd.Complete or RelayEnd.Running => null,
            RelayEnd.Silent => "timeout",
            RelayEnd.TooLong => "max_duration",
            _ => "broken",
        }, call.ClientIsThere);
        if (relay.FirstByteAt != 0)
            call.Hold!.Request.Facts.FirstTokenMs = Stopwatch.GetElapsedTime(call.StartedAt, relay.FirstByteAt).TotalMilliseconds;

        var outcome = relay.End switch
        {
            _ when !call.ClientIsThere => Outcome.ClientClosed,
            RelayEnd.Complete => Outcome.Complete,
            _ => relay.DeliveredBytes > 0 ? Outcome.Interrupted : Outcome.Failed,
        };
        await SettleAsync(call, outcome == Outcome.Failed
            ? new Settlement(outcome, default, CountedBy.None)
            : new Settlement(outcome, Metering.Counted(call, output: 0, images: 0, audioMilliseconds: null), CountedBy.Gateway));
    }

    // Too long to keep: a retry under the same key is told so.
    private async ValueTask LastBytesAsync(ModelCall call)
    {
        await answers.StoreAsync(call, StatusCodes.Status200OK, default);
        if (call.ClientIsThere)
            ledger.Delivering(call.Hold!);
    }

    [LoggerMessage(2, LogLevel.Error, "{ReceiptId} could not be settled: the end of its answer was withheld.")]
    private partial void LogNotSettled(Exception exception, string receiptId);
}
