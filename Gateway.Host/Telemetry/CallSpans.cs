using System.Diagnostics;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Host.Telemetry.Content;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Rules;

namespace Gateway.Host.Telemetry;

/// <summary>The spans of one call below its server span.</summary>
/// <remarks>
/// An attempt's span begins when it is sent, because its id goes upstream. All others are made when the call is over, from the times that were noted: nothing is spent on a call that is not
/// sampled, and nothing is left open by a client that hangs up. <c>recording</c> is the ledger's, which knows when the book has it.
/// </remarks>
internal static class CallSpans
{
    /// <summary>The span of an attempt that is about to be sent; <c>null</c>: the call is not recorded.</summary>
    public static Activity? BeginAttempt(ModelCall call, CallAttempt attempt)
    {
        if (call.Span is not { IsAllDataRequested: true } server)
            return null;

        var (candidate, operation) = (attempt.Candidate, GenAi.OperationOf(call.Kind));
        var span = RequestTracing.Source.StartActivity($"{operation} {candidate.UpstreamModel}", ActivityKind.Client, server.Context, startTime: call.OnSpan(attempt.StartedAt));

        // It is ended by the call, in whichever flow that happens: what runs until then belongs to the server span.
        Activity.Current = server;
        if (span is null)
            return null;

        span.SetTag(TelemetryNames.Operation, operation);
        span.SetTag(TelemetryNames.Provider, GenAi.ProviderOf(candidate.Channel.Preset.Name, candidate.Channel.Provider));
        span.SetTag(TelemetryNames.RequestModel, candidate.UpstreamModel);
        if (call.Body.Index.Stream)
            span.SetTag(TelemetryNames.RequestStream, true);
        if ((call.OutputLimit ?? call.Body.Index.OutputLimit) is { } limit)
            span.SetTag(TelemetryNames.RequestMaxTokens, limit);
        if (GenAi.OutputOf(call.Kind) is { } output)
            span.SetTag(TelemetryNames.OutputType, output);
        if (candidate.Channel.BaseUrls is [var address, ..] && Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            span.SetTag(TelemetryNames.ServerAddress, uri.Host);
            span.SetTag(TelemetryNames.ServerPort, uri.Port);
        }

        span.SetTag(TelemetryNames.Channel, candidate.Channel.Id);
        span.SetTag(TelemetryNames.RouteType, LedgerNames.Of(candidate.Channel.RouteType));
        span.SetTag(TelemetryNames.AttemptNumber, attempt.Number);
        if (GenAi.CapturesContent)
            MessageContent.OfRequest(call.Kind, call.Body.Bytes).DescribeOn(span);
        return span;
    }

    /// <summary>The call is over: ends the spans of its attempts, and makes those of its steps.</summary>
    public static void End(ModelCall call)
    {
        if (call.Span is not { IsAllDataRequested: true } server)
            return;

        var times = call.Times;
        EndRules(call, server, times.Rules);
        Step(call, server, TelemetryNames.Admission, times.Admission)?.End(Admitted);
        Step(call, server, TelemetryNames.Cache, times.Cache)?.End(Asked);
        Step(call, server, TelemetryNames.Admission, times.Raise)?.End(Admitted);
        foreach (var attempt in call.Attempts)
            EndAttempt(call, attempt);
        Step(call, server, TelemetryNames.Settlement, times.Settlement)?.End(Settled);
        Describe(call, server);
    }

    private static void EndRules(ModelCall call, Activity server, in StepTime time)
    {
        if (call.Rules is not { HasRules: true } rules || Step(call, server, TelemetryNames.Rules, time) is not { } step)
            return;

        foreach (var effect in rules.Effects)
            step.Span.AddEvent(new ActivityEvent("gateway.rule", call.OnSpan(time.Ended), TagsOf(effect)));
        step.End(static (_, _) => { });
    }

    private static ActivityTagsCollection TagsOf(RuleEffect effect)
    {
        var tags = new ActivityTagsCollection { [TelemetryNames.RuleId] = effect.Id, [TelemetryNames.RuleType] = effect.Type };
        if (effect.Effect is CompressEffect compress)
        {
            tags[TelemetryNames.CompressStrength] = Detectors.Name(compress.Strength);
            tags[TelemetryNames.TokensSaved] = compress.TokensSaved;
        }
        else if (effect.Effect is ContextTrimEffect { Dropped: { } dropped })
        {
            tags[TelemetryNames.MessagesDropped] = dropped;
        }

        return tags;
    }

    private static void Admitted(ModelCall call, Activity span)
    {
        if (call.Hold is { } hold)
            span.SetTag(TelemetryNames.HoldAmount, Amount(hold.Amount));
        else if (call.Http.Features.Get<GatewayError>() is { Code: { } code } error)
            Fail(span, code, isOurs: error.Status >= 500);
    }

    private static void Asked(ModelCall call, Activity span) => span.SetTag(TelemetryNames.CacheStatus, call.Reply?.Status ?? call.Exchange.CacheStatus);

    private static void Settled(ModelCall call, Activity span)
    {
        if (call.Settled is not { } settled)
        {
            Fail(span, "ledger_unavailable", isOurs: true);
            return;
        }

        span.SetTag(TelemetryNames.Outcome, LedgerNames.Of(settled.Outcome));
        span.SetTag(TelemetryNames.Cost, Amount(settled.Cost));
        if (call.Settlement is { CountedBy: not CountedBy.None } settlement)
            span.SetTag(TelemetryNames.CountedBy, LedgerNames.Of(settlement.CountedBy));
    }

    private static void EndAttempt(ModelCall call, CallAttempt attempt)
    {
        if (attempt.Span is not { } span)
            return;

        var line = attempt.Line;
        if (line.Status is { } status)
            span.SetTag(TelemetryNames.HttpStatus, status);
        if (line.Error is { } error)
            Fail(span, error, isOurs: true);
        if (attempt.FirstContentAt is var first and > 0)
            span.SetTag(TelemetryNames.TimeToFirstChunk, Stopwatch.GetElapsedTime(attempt.StartedAt, first).TotalSeconds);
        if (line.Charged && call.Settlement is { } settlement && ReferenceEquals(call.Attempt, attempt))
            DescribeUsage(call, settlement.Usage, span);
        if (GenAi.CapturesContent)
            DescribeAnswer(call, attempt, span);
        span.SetEndTime(call.OnSpan(attempt.EndedAt != 0 ? attempt.EndedAt : Stopwatch.GetTimestamp()).UtcDateTime);
        span.Stop();
    }

    private static void DescribeAnswer(ModelCall call, CallAttempt attempt, Activity span)
    {
        // What a client's API is translated from is read as chat.
        var kind = attempt.Adapter.Client is null ? call.Kind : CallKind.Chat;
        if (attempt.Recording?.Recorded is { IsEmpty: false } stream)
            MessageContent.OfAnswer(kind, stream, isStream: true).DescribeOn(span);
        else if (attempt.Reader is { } reader)
            MessageContent.OfAnswer(kind, reader.Body, isStream: false).DescribeOn(span);
    }

    private static void DescribeUsage(ModelCall call, in Usage usage, Activity span)
    {
        var facts = call.Hold!.Request.Facts; // not null: an attempt comes behind the hold
        if (facts.ReportedModel is { } reported)
            span.SetTag(TelemetryNames.ResponseModel, reported);
        if ((call.Attempt?.Reader?.AnswerId ?? call.Attempt?.Relay?.AnswerId) is { } id)
            span.SetTag(TelemetryNames.ResponseId, id);
        if (call.Attempt?.Reader is { } reader && AnswerEnding.Read(reader.Body.Span, streamed: false).FinishReason is { } reason)
            span.SetTag(TelemetryNames.FinishReasons, new[] { reason });
        span.SetTag(TelemetryNames.InputTokens, usage.InputTokens);
        if (call.Kind.HasOutputTokens)
            span.SetTag(TelemetryNames.OutputTokens, usage.OutputTokens);
        if (usage.CachedInputTokens > 0)
            span.SetTag(TelemetryNames.CacheReadTokens, usage.CachedInputTokens);
        if (usage.CacheWriteTokens > 0)
            span.SetTag(GenAi.CacheWriteTokens, usage.CacheWriteTokens);
        if (usage.ReasoningTokens > 0)
            span.SetTag(TelemetryNames.ReasoningTokens, usage.ReasoningTokens);
    }

    private static void Describe(ModelCall call, Activity server)
    {
        server.SetTag(TelemetryNames.Workspace, call.Key.Workspace);
        server.SetTag(TelemetryNames.KeyId, call.Key.Id);
        server.SetTag(TelemetryNames.Account, call.Key.Account);
        if (call.Tags.Count > 0)
            server.SetTag(TelemetryNames.Tags, call.Tags is string[] tags ? tags : [.. call.Tags]);
        if (call.Hold is not { } hold)
            return;

        var facts = hold.Request.Facts;
        server.SetTag(TelemetryNames.ReceiptId, hold.ReceiptId.ToString());
        server.SetTag(TelemetryNames.RequestedModel, facts.RequestedModel);
        server.SetTag(TelemetryNames.RoutedModel, facts.RoutedModel);
        server.SetTag(TelemetryNames.CacheStatus, call.Reply?.Status ?? call.Exchange.CacheStatus);
        server.SetTag(TelemetryNames.Attempts, facts.Attempts.Count);
        if (facts.Attempts.Count > 1)
            server.SetTag(TelemetryNames.FallbackUsed, !string.Equals(facts.Channel, facts.PrimaryChannel, StringComparison.Ordinal));
        if (facts.RunId is { } runId)
            server.SetTag(TelemetryNames.RunId, runId);
        if (call.Settled is not { } settled)
            return;

        server.SetTag(TelemetryNames.Outcome, LedgerNames.Of(settled.Outcome));
        server.SetTag(TelemetryNames.Cost, Amount(settled.Cost));
        server.SetTag(TelemetryNames.Currency, "CREDIT");
    }

    private static void Fail(Activity span, string error, bool isOurs)
    {
        span.SetTag(TelemetryNames.ErrorType, error);
        if (isOurs)
            span.SetStatus(ActivityStatusCode.Error);
    }

    private static MadeSpan? Step(ModelCall call, Activity server, string name, in StepTime time)
    {
        if (!time.IsTaken)
            return null;

        var span = RequestTracing.Source.StartActivity(name, ActivityKind.Internal, server.Context, startTime: call.OnSpan(time.Began));
        Activity.Current = server;
        if (span is null)
            return null;

        span.SetEndTime(call.OnSpan(time.Ended).UtcDateTime);
        return new MadeSpan(call, span);
    }


    private static double Amount(Credits credits) => (double)credits.ToDecimal();

    private sealed record MadeSpan(ModelCall Call, Activity Span)
    {
        public void End(Action<ModelCall, Activity> describe)
        {
            describe(Call, Span);
            Span.Stop();
        }
    }
}
