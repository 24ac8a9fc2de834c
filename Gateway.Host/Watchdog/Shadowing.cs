using Gateway.Host.Pipeline;
using Gateway.Ledger.Book;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>The request path's part of shadow pairs: draws a call before it is made, and hands it over once it is answered. Nothing here waits.</summary>
internal sealed class Shadowing(ShadowSampling sampling, ShadowPairs pairs)
{
    /// <summary>Draws the call, or not.</summary>
    public void Begin(ModelCall call)
    {
        var exchange = call.Exchange;
        if (exchange.Settings.ShadowRate <= 0 || exchange.Kept<CompressDecision>() is not { } decision)
            return;
        if (sampling.Draw(decision.Subject, decision.Advice, exchange.Settings.ShadowRate) is not { } drawn)
            return;

        exchange.WantsAnswer = true;
        exchange.Keep(new Draft(decision, drawn.Detector, drawn.CompressAt));
    }

    /// <summary>Hands an answered call over, if it was drawn.</summary>
    public void Finish(ModelCall call)
    {
        if (call.Exchange?.Kept<Draft>() is not { } draft || call.Ended is not { } ended || AnswerText.Of(ended.Body, ended.Streamed) is not { } answer)
            return;

        var original = draft.Decision.Original;
        var isCompressed = draft.Decision.Advice.Strength == draft.CompressAt;
        pairs.Offer(new ShadowSample
        {
            ReceiptId = call.Hold!.ReceiptId, // not null: the call was answered
            Key = call.Key,
            Model = call.Legs[0].Model.Id,
            Detector = draft.Detector,
            Original = original,
            Compressed = isCompressed ? call.Exchange.Body.ToArray() : CompressedCopy.Of(original, draft.CompressAt, call.Exchange.Resolved!), // not null: the model was resolved
            Answer = answer,
            AnswersCompressed = isCompressed,
        });
    }

    private sealed record Draft(CompressDecision Decision, DetectorKey Detector, Strength CompressAt);
}
