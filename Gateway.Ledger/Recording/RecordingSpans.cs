using System.Diagnostics;

namespace Gateway.Ledger.Recording;

/// <summary>One span for each traced call: from its finish to the commit of its batch, however often the batch was tried.</summary>
/// <remarks>Made at the commit with the times that it had: nothing is kept for calls that nobody traces, and no span waits in memory for the book.</remarks>
internal static class RecordingSpans
{
    private static readonly ActivitySource Source = new(LedgerMetrics.Name);

    /// <summary>Notes when the call was finished, if its trace is recorded.</summary>
    public static void Begin(Hold hold, TimeProvider time)
    {
        if (hold.Trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) && Source.HasListeners())
            hold.FinishedAt = time.GetUtcNow();
    }

    /// <summary>The calls are in the book.</summary>
    public static void End(IReadOnlyList<Hold> batch, DateTimeOffset at)
    {
        for (var i = 0; i < batch.Count; i++)
            Write(batch[i], batch.Count, at, failure: null);
    }

    /// <summary>This gateway stops before the calls are in the book.</summary>
    public static void Fail(IReadOnlyList<Hold> batch, DateTimeOffset at, string failure)
    {
        for (var i = 0; i < batch.Count; i++)
            Write(batch[i], batch.Count, at, failure);
    }

    private static void Write(Hold hold, int batchSize, DateTimeOffset at, string? failure)
    {
        if (hold.FinishedAt is not { } began)
            return;

        using var span = Source.StartActivity(LedgerMetrics.RecordingSpan, ActivityKind.Internal, hold.Trace, tags: null, links: null, began);
        if (span is null)
            return;

        span.SetTag(LedgerMetrics.ReceiptId, hold.ReceiptId.ToString());
        span.SetTag(LedgerMetrics.BatchSize, batchSize);
        span.SetTag(LedgerMetrics.Lag, LedgerMetrics.LagOf(hold, at));
        if (failure is not null)
            span.SetStatus(ActivityStatusCode.Error, failure);
        span.SetEndTime(at.UtcDateTime);
    }
}
