using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Members;
using Gateway.Host.OpenAi;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>One request, read top to bottom: the middleware of YARP's proxy pipeline behind <c>POST /v1/chat/completions</c>.</summary>
/// <remarks>
/// <code>
/// client ──► 1 authenticate ─► 2 read ─► 3 rules ─► 4 route ─► 5 hold ─► 6 forward ──► upstream
/// client ◄───────────────────── 9 receipt ◄─ 8 settle ◄─ 7 respond ◄──────────────────┘
/// </code>
/// <list type="number">
/// <item>authenticate: the key, from memory; 401, 403.</item>
/// <item>read: the body once into a pooled buffer, and an index of its members; 400, 413, 415. A repeated <c>Idempotency-Key</c> ends here, with the stored answer; 409, 422.</item>
/// <item>rules: resolve the model, check the key's allow-list; 400, 403.</item>
/// <item>route: the channels in order, each with its price; what has no price is not served; 400, 503.</item>
/// <item>hold: one step of the ledger: rates, concurrency, budget, allowance, buckets; 402, 429, 503.</item>
/// <item>forward: YARP, attempt after attempt, until an answer may be shown to the client; 502, 504.</item>
/// <item>respond: the answer's usage is read; a stream passes through chunk by chunk.</item>
/// <item>settle: durable before the last bytes leave; with its own deadline, not the client's.</item>
/// <item>receipt: recorded in batches by the ledger.</item>
/// </list>
/// Every exit after step 5 settles in one <c>finally</c>: no answer, no charge, no leak.
/// </remarks>
internal sealed partial class RequestPipeline(
    Credentials credentials,
    CatalogueSource catalogue,
    MemberDirectory members,
    ILedger ledger,
    GatewaySettings settings,
    Forwarding forwarding,
    Reply reply,
    StoredAnswers answers,
    LiveCalls live,
    Drains drains,
    TimeProvider time,
    ILogger<RequestPipeline> log)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate forward)
    {
        if (live.IsDraining)
        {
            await ErrorWriter.WriteAsync(http, GatewayError.Draining);
            return;
        }

        // 1 authenticate
        var (key, refused) = await credentials.AuthenticateAsync(http);
        if (key is null)
        {
            await ErrorWriter.WriteAsync(http, refused!);
            return;
        }

        using var call = new ChatCall(http, key, settings.MaxAnswerTime, drains);
        try
        {
            var error = await AdmitAsync(call);
            if (error is null)
                error = call.Stored is { } stored ? await StoredAnswers.WriteAsync(http, stored) : await AnswerAsync(call, forward);
            if (error is not null && !http.Response.HasStarted)
            {
                await answers.ReleaseAsync(call);
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
        }
    }

    /// <summary>Steps 2 to 5: from the client's bytes to a live hold, or why there is none.</summary>
    private async ValueTask<GatewayError?> AdmitAsync(ChatCall call)
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

        // 3 rules
        var index = call.Body.Index;
        var resolution = catalogue.Current.Resolve(index.Model, index.Provider, call.Key, time.GetUtcNow());

        // 4 route
        if (resolution is not ModelResolution.Resolved resolved)
            return Unresolved(resolution, index.Model, index.Provider);
        call.Candidates = forwarding.Order(resolved.Candidates);
        if (call.Candidates.Count == 0)
            return GatewayError.NoChannel;

        // 5 hold
        call.Prompt = ChatTokens.CountPrompt(index.MessagesValue.Of(call.Body.Bytes.Span), index.ToolsValue.Of(call.Body.Bytes.Span), resolved.Model.Name);
        return await HoldAsync(call, resolved.Model);
    }

    private async ValueTask<GatewayError?> HoldAsync(ChatCall call, Model model)
    {
        var price = call.Candidates[0].Price;
        var bound = CallBound.Of(call.Body.Index, call.Prompt, model);

        call.Member = await members.LimitsOfAsync(call.Key, call.Http.RequestAborted);
        var result = await ledger.HoldAsync(
            new HoldRequest
            {
                ReceiptId = ReceiptId.Create(time.GetUtcNow()),
                Account = call.Key.Account,
                Key = call.Key.Limits,
                Member = call.Member,
                Price = price,
                Amount = bound.MaxCost(price),
                MinimumAmount = bound.LeastCost(price),
                Tokens = bound.Tokens,
                PacksOnly = call.Key.PacksOnly,
                Facts = CallFactsOf.Request(call, model),
            },
            call.Http.RequestAborted);
        switch (result)
        {
            case HoldResult.Held held:
                call.Hold = held.Hold;
                live.Add(call);
                if (held.Hold.Amount < held.Hold.Request.Amount)
                    call.CappedTokens = bound.Affordable(price, held.Hold.Amount);
                CallHeaders.Admitted(call);
                return null;
            case HoldResult.RateLimited limited:
                CallHeaders.Rates(call.Http.Response.Headers, limited.Rates);
                return GatewayError.RateLimited(limited.RetryAfter, limited.ByTokens);
            case HoldResult.ConcurrencyLimited limited:
                return GatewayError.ConcurrencyLimited(limited.Limit);
            case HoldResult.OverBudget over:
                return GatewayError.OverBudget(over);
            case HoldResult.OverAllowance over:
                return GatewayError.OverAllowance(over);
            case HoldResult.Reserved reserved:
                return GatewayError.Reserved(reserved);
            case HoldResult.Insufficient lack:
                var affordable = bound.Affordable(price, lack.Available);
                return GatewayError.InsufficientBalance(settings.InsufficientBalanceStatus, lack.Available, affordable, call.Key.PacksOnly);
            case HoldResult.Unavailable unavailable:
                return GatewayError.Unavailable(unavailable.Reason);
            default:
                throw new System.Diagnostics.UnreachableException(result.ToString());
        }
    }

    /// <summary>Steps 6 to 8: from the hold to a settled answer, or the error that the client gets.</summary>
    private async ValueTask<GatewayError?> AnswerAsync(ChatCall call, RequestDelegate forward)
    {
        // 6 forward, 7 and 8 for a stream: its relay responds and settles as it ends
        var error = await forwarding.ForwardAsync(call, forward, reply);
        if (error is not null || call.Attempt?.Relay is not null)
            return error;

        // 7 respond, 8 settle
        try
        {
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
