using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.Settings;
using Gateway.Host.Telemetry;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Transforms;

namespace Gateway.Host.Pipeline;

/// <summary>One request, read top to bottom: the middleware of YARP's proxy pipeline behind every call of a model.</summary>
/// <remarks>
/// <code>
/// client ──► 1 authenticate ─► 2 read ─► 3 rules ─► 4 route ─► 5 hold ─► 6 forward ──► upstream
/// client ◄───────────────────── 9 receipt ◄─ 8 settle ◄─ 7 respond ◄──────────────────┘
/// </code>
/// <list type="number">
/// <item>authenticate: the key, from memory; 401, 403.</item>
/// <item>read: the body once into a pooled buffer, and an index of its members; 400, 413, 415. A repeated <c>Idempotency-Key</c> ends here, with the stored answer; 409, 422.</item>
/// <item>rules: once per request, each says what it did: the model is overridden, resolved and checked against the key's allow-list; output is capped, the body trimmed and compressed; 400, 403.</item>
/// <item>route: the channels in order, each with its price; what has no price is not served; then those of the fallbacks; 400, 503.</item>
/// <item>hold: one step of the ledger: rates, concurrency, budget, allowance, buckets; 402, 429, 503. With a cache in two: the rates, then, if the cache has no answer, the rest.</item>
/// <item>forward: YARP, attempt after attempt, until an answer may be shown to the client; 502, 504.</item>
/// <item>respond: the answer's usage is read; a stream passes through chunk by chunk.</item>
/// <item>settle: durable before the last bytes leave; with its own deadline, not the client's.</item>
/// <item>receipt: recorded in batches by the ledger.</item>
/// </list>
/// Every exit after step 5 settles in one <c>finally</c>: no answer, no charge, no leak.
/// </remarks>
internal sealed partial class RequestPipeline(
    Credentials credentials,
    RuleSteps rules,
    Shadowing shadows,
    Admission admission,
    ILedger ledger,
    GatewaySettings settings,
    Forwarding forwarding,
    Reply reply,
    StoredAnswers answers,
    LiveCalls live,
    Drains drains,
    CallMetrics metrics,
    RequestLog requests,
    ILogger<RequestPipeline> log)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate forward)
    {
        var kind = ProxyRoutes.KindOf(http);
        http.Features.Set(kind);
        metrics.Begin();
        if (live.IsDraining)
        {
            await RefuseAsync(http, kind, GatewayError.Draining);
            return;
        }

        // 1 authenticate
        var (key, refused) = await credentials.AuthenticateAsync(http);
        if (key is null)
        {
            await RefuseAsync(http, kind, refused!); // not null: there is a key or a reason
            return;
        }

        using var call = new ModelCall(http, kind, key, settings.MaxAnswerTime, drains);
        GatewayError? error = null;
        try
        {
            error = await AdmitAsync(call);
            if (error is null)
                error = call.Stored is { } stored ? await StoredAnswers.WriteAsync(http, stored) : await AnswerAsync(call, forward);
            shadows.Finish(call);
            await RuleSteps.FinishAsync(call);
            if (error is not null && !http.Response.HasStarted)
            {
                await answers.ReleaseAsync(call);

                // Before the error leaves, so that its receipt is there when the client looks.
                if (call is { Hold: not null, Settled: null } && !ReferenceEquals(error, GatewayError.SettlementFailed))
                    await reply.SettleUnansweredAsync(call);
                await ErrorWriter.WriteAsync(http, error);
            }
        }
        finally
        {
            await answers.ReleaseAsync(call);
            if (call.Hold is { } hold)
            {
                if (call.Settled is null)
                    await reply.SettleUnansweredAsync(call);
                live.Remove(call);
                ledger.Finish(hold, call.IsDelivered ? Delivery.Confirmed : Delivery.Unconfirmed);
            }

            metrics.End(call, error);
            CallSpans.End(call);
            if (requests.IsEnabled)
                Log(call);
        }
    }

    private void Log(ModelCall call)
    {
        var facts = call.Hold?.Request.Facts;
        var usage = call.Settlement?.Usage ?? default;
        requests.Write(
            call.Http.Request.Method,
            call.Kind.Path,
            call.Http.Response.StatusCode,
            call.Settled is { } settled ? LedgerNames.Of(settled.Outcome) : null,
            call.Hold?.ReceiptId,
            call.Key.Id,
            facts?.RequestedModel,
            facts?.RoutedModel,
            facts?.Channel,
            facts?.Attempts.Count ?? 0,
            usage.InputTokens,
            usage.OutputTokens,
            call.Settled?.Cost ?? Credits.Zero,
            Stopwatch.GetElapsedTime(call.StartedAt));
    }

    private Task RefuseAsync(HttpContext http, CallKind kind, GatewayError error)
    {
        metrics.Refused(kind, error);
        return ErrorWriter.WriteAsync(http, error);
    }

    /// <summary>Steps 2 to 5: from the client's bytes to a live hold, or why there is none.</summary>
    private async ValueTask<GatewayError?> AdmitAsync(ModelCall call)
    {
        // 2 read
        if (await call.Body.ReadAsync(call.Http.Request, settings.MaxRequestBytes, call.Http.RequestAborted) is { } unreadable)
            return unreadable;

        if (!CallFactsOf.TryReadRunId(call.Http.Request.Headers, out _))
            return GatewayError.InvalidRunId;
        if (await answers.BeginAsync(call) is { } refused)
            return refused;
        if (call.Stored is not null)
            return null;

        // 3 rules, 4 route: a rule may change the model, and so the route
        var began = Stopwatch.GetTimestamp();
        var refusedByRule = await rules.PrepareAsync(call);
        call.Times.Rules = StepTime.Since(began);
        if (refusedByRule is not null)
            return refusedByRule;
        shadows.Begin(call);
        if (call.Rules.Has(RulePhase.Answer))
            return await AskCacheAsync(call);
        if (await rules.PlanAsync(call) is { } unplanned)
            return unplanned;

        // 5 hold
        began = Stopwatch.GetTimestamp();
        var denied = await admission.HoldAsync(call, isFree: false);
        call.Times.Admission = StepTime.Since(began);
        return denied;
    }

    // The cache stands between the request's rate and its hold: what it answers counts against the rate, and costs nothing.
    private async ValueTask<GatewayError?> AskCacheAsync(ModelCall call)
    {
        // 5 hold: of nothing
        var began = Stopwatch.GetTimestamp();
        var limited = await admission.HoldAsync(call, isFree: true);
        call.Times.Admission = StepTime.Since(began);
        if (limited is not null)
            return limited;

        began = Stopwatch.GetTimestamp();
        var error = await RuleSteps.AnswerAsync(call);
        call.Times.Cache = StepTime.Since(began);
        CallHeaders.Asked(call);
        if (error is null && call.Reply is null && (error = await rules.PlanAsync(call)) is null)
        {
            began = Stopwatch.GetTimestamp();
            error = await admission.RaiseAsync(call);
            call.Times.Raise = StepTime.Since(began);
        }

        call.IsRejected = error is not null;
        return error;
    }

    /// <summary>Steps 6 to 8: from the hold to a settled answer, or the error that the client gets.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<GatewayError?> AnswerAsync(ModelCall call, RequestDelegate forward)
    {
        try
        {
            if (call.Reply is { } kept)
                return await reply.AnswerKeptAsync(call, kept);

            // 6 forward, 7 and 8 for a stream: its relay responds and settles as it ends
            var error = await forwarding.ForwardAsync(call, forward, reply);
            if (error is not null || call.Attempt is { Relay: not null } or { Binary: not null })
                return error;

            // 7 respond, 8 settle
            return await reply.AnswerPlainAsync(call);
        }
        catch (IOException exception)
        {
            LogNotSettled(exception, call.Hold!.ReceiptId.ToString());
            return GatewayError.SettlementFailed;
        }
    }

    /// <summary>Why a model that was asked for is not served.</summary>
    internal static GatewayError Unresolved(ModelResolution resolution, string model, string? provider) => resolution switch
    {
        ModelResolution.UnknownProvider => GatewayError.UnknownProvider(provider ?? model),
        ModelResolution.Ambiguous ambiguous => GatewayError.AmbiguousModel(model, ambiguous.Ids),
        ModelResolution.NotAllowed => GatewayError.ModelNotAllowed(model),
        ModelResolution.RouteNotAllowed => GatewayError.RouteNotAllowed,
        ModelResolution.NoChannel => GatewayError.NoChannel,
        _ => GatewayError.UnknownModel(model),
    };

    [LoggerMessage(1, LogLevel.Error, "{ReceiptId} could not be settled: its answer was withheld.")]
    private partial void LogNotSettled(Exception exception, string receiptId);
}
