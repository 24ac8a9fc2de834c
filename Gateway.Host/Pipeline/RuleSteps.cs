using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.ProxyRules;
using Gateway.Host.Responses;
using Gateway.Host.Routing;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Rules;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>Step 3, and the rules' part of steps 4 and 5: what the operator's rules make of a request, once per request.</summary>
internal sealed class RuleSteps(
    RuleSource rules, CatalogueSource catalogue, Forwarding forwarding, ResponseOrigins origins, TimeProvider time, ILogger<RuleChain> log)
{
    private static readonly string[] ConversationHeaders = ["X-Session-Id", "X-Conversation-Id", "X-Run-Id"];

    /// <summary>The model and the body as the rules leave them, and the channels that serve them; the error, or <c>null</c>.</summary>
    public async ValueTask<GatewayError?> PrepareAsync(ModelCall call)
    {
        var set = rules.Of(call.Key.Workspace);
        var exchange = call.Exchange = ExchangeOf(call, set);
        call.Rules = new RuleChain(set.Match(call.Tags), exchange, log);
        (call.Legs, var error) = await FirstLegsAsync(call.Key, exchange, call.Rules, call.Http.RequestAborted);
        return error ?? await StayWithOriginAsync(call);
    }

    /// <summary>Lets a rule answer (<see cref="ModelCall.Reply"/>).</summary>
    public static async ValueTask<GatewayError?> AnswerAsync(ModelCall call)
    {
        var outcome = await call.Rules.RunAsync(RulePhase.Answer, call.Http.RequestAborted);
        call.Reply = (outcome as RuleOutcome.Answer)?.Reply;
        return Refusal(outcome);
    }

    /// <summary>Adds the legs of a fallback chain.</summary>
    public async ValueTask<GatewayError?> PlanAsync(ModelCall call)
    {
        // Only the channel that made a response knows it.
        if (call.Body.Index.PreviousResponseId is not null)
            return null;

        (call.Legs, var error) = await LegsAsync(call.Key, call.Exchange, call.Rules, call.Legs, call.Http.RequestAborted);
        return error;
    }

    /// <summary>Where a request would go, without anything that lasts: for a quote.</summary>
    public async ValueTask<(Exchange Exchange, IReadOnlyList<Leg> Legs, GatewayError? Error)> PreviewAsync(
        KeySnapshot key, IReadOnlyList<string> tags, RequestIndex index, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var set = rules.Of(key.Workspace);
        var exchange = new Exchange(index, body)
        {
            Workspace = key.Workspace,
            KeyId = key.Id,
            Tags = tags,
            Settings = set.Settings,
            IsDryRun = true,
            Identify = catalogue.Current.Identify,
        };
        var chain = new RuleChain(set.Match(tags), exchange, log);
        var (first, error) = await FirstLegsAsync(key, exchange, chain, cancellationToken);
        if (error is not null)
            return (exchange, [], error);

        var (legs, refused) = await LegsAsync(key, exchange, chain, first, cancellationToken);
        return (exchange, legs, refused);
    }

    /// <summary>Shows a complete answer to the rules that asked for it.</summary>
    public static async ValueTask FinishAsync(ModelCall call)
    {
        if (call.Exchange is not { WantsAnswer: true } || call.Ended is not { } ended)
            return;

        var ending = AnswerEnding.Read(ended.Body.Span, ended.Streamed);

        // CancellationToken.None: the answer is there, whether or not its client still is.
        await call.Rules.OnResponseAsync(
            ended with { FinishReason = ending.FinishReason, HasToolCalls = ending.HasToolCalls, HasRefusal = ending.HasRefusal }, CancellationToken.None);
    }

    // A stored response is known to the channel that made it, and to the workspace that asked for it: an id of another's is like one that never was.
    private async ValueTask<GatewayError?> StayWithOriginAsync(ModelCall call)
    {
        if (call.Body.Index.PreviousResponseId is not { } id)
            return null;
        ResponseOrigin? origin;
        try
        {
            origin = await origins.FindAsync(call.Key.Workspace, id, call.Http.RequestAborted);
        }
        catch (Exception exception) when (StoredAnswers.IsAway(exception))
        {
            return GatewayError.Unavailable(UnavailableReason.Book);
        }

        if (origin is null)
            return GatewayError.PreviousResponseNotFound;

        call.Legs =
        [
            .. call.Legs.Select(leg => new Leg(leg.Model, [.. leg.Candidates.Where(candidate => string.Equals(candidate.Channel.Id, origin.ChannelId, StringComparison.Ordinal))]))
                .Where(static leg => leg.Candidates.Count > 0),
        ];
        return call.Legs.Count > 0 ? null : GatewayError.PreviousResponseElsewhere;
    }

    private Exchange ExchangeOf(ModelCall call, RuleSet set)
    {
        var headers = call.Http.Request.Headers;
        return new Exchange(call.Body.Index, call.Body.Bytes)
        {
            Workspace = call.Key.Workspace,
            KeyId = call.Key.Id,
            Tags = call.Tags,
            Settings = set.Settings,
            CacheControl = headers.CacheControl is { Count: > 0 } control ? control.ToString() : null,
            Conversation = ConversationOf(headers),
            Identify = catalogue.Current.Identify,
        };
    }

    private static string? ConversationOf(IHeaderDictionary headers)
    {
        foreach (var name in ConversationHeaders)
        {
            if (headers[name] is { Count: > 0 } values)
                return values.ToString();
        }

        return null;
    }

    // A request keeps the rules that it started with.
    private async ValueTask<(IReadOnlyList<Leg> Legs, GatewayError? Error)> FirstLegsAsync(KeySnapshot key, Exchange exchange, RuleChain chain, CancellationToken cancellationToken)
    {
        if (Refusal(await chain.RunAsync(RulePhase.Model, cancellationToken)) is { } refused)
            return ([], refused);
        var kind = exchange.Kind;
        var resolution = Resolve(key, exchange);
        if (resolution is not ModelResolution.Resolved { Model: var model, Candidates: var candidates })
            return ([], catalogue.Current.Serves(kind) ? RequestPipeline.Unresolved(resolution, exchange.Model, exchange.Provider) : GatewayError.NotImplemented(kind.Path));
        if (!Serving.Fits(model.Kind, kind))
            return ([], catalogue.Current.Serves(kind) ? GatewayError.WrongKindOfModel(exchange.Model, Serving.KindFor(model.Kind)) : GatewayError.NotImplemented(kind.Path));
        candidates = Serving.Of(kind, candidates);
        if (candidates.Count == 0)
            return ([], GatewayError.NotImplemented(kind.Path));

        if (Metering.Unmetered(exchange.Index, candidates[0].Price) is { } unmetered)
            return ([], unmetered);
        var legs = forwarding.Legs(model, candidates, candidates.Count == 1 ? StickyKey.None : StickyKey.Of(key.Id, exchange.Index, exchange.Body.Span));
        exchange.Resolved = new ResolvedModel(model.Provider, model.Name, legs[0].Candidates[0].UpstreamModel, ModelEncoding.For(model.Name).Encoding, model.ContextWindow);
        return (legs, Refusal(await chain.RunAsync(RulePhase.Body, cancellationToken)));
    }

    private async ValueTask<(IReadOnlyList<Leg> Legs, GatewayError? Error)> LegsAsync(
        KeySnapshot key, Exchange exchange, RuleChain chain, IReadOnlyList<Leg> first, CancellationToken cancellationToken)
    {
        if (!chain.Has(RulePhase.Attempts))
            return (first, null);
        var error = Refusal(await chain.RunAsync(RulePhase.Attempts, cancellationToken));
        if (error is not null || exchange.Fallback is not { } plan)
            return (first, error);

        var legs = new List<Leg>(first);
        foreach (var fallback in plan.Candidates)
            Add(key, exchange, legs, fallback);
        return (legs, null);
    }

    // The key must be allowed what was asked for, too: a rule saves money, it does not open doors.
    private ModelResolution Resolve(KeySnapshot key, Exchange exchange)
    {
        var (index, current) = (exchange.Index, catalogue.Current);
        var isOverridden = !ReferenceEquals(exchange.Model, index.Model);
        if (isOverridden && current.Identify(index.Model, index.Provider) is { } id)
        {
            var slash = id.IndexOf('/', StringComparison.Ordinal);
            if (!key.AllowsModel(id[..slash], id[(slash + 1)..]))
                return new ModelResolution.NotAllowed();
        }

        return current.Resolve(exchange.Model, exchange.Provider, key, time.GetUtcNow());
    }

    private void Add(KeySnapshot key, Exchange exchange, List<Leg> legs, FallbackModel fallback)
    {
        var resolution = catalogue.Current.Resolve(fallback.Model, fallback.Provider, key, time.GetUtcNow());
        if (resolution is ModelResolution.Resolved { Model: var model } resolved && Serving.Fits(model.Kind, exchange.Kind)
            && Serving.Of(exchange.Kind, resolved.Candidates) is { Count: > 0 } candidates)
        {
            legs.AddRange(forwarding.Legs(model, candidates, StickyKey.None));
            return;
        }

        var reason = resolution is ModelResolution.NotAllowed or ModelResolution.RouteNotAllowed ? "the key may not use it" : "nothing serves it";
        exchange.Kept<FallbackChainEffect>()?.Skip(fallback, reason);
    }

    private static GatewayError? Refusal(RuleOutcome? outcome) =>
        outcome is RuleOutcome.Refuse refuse ? new GatewayError(400, refuse.Code, refuse.Message) : null;
}
