using Gateway.Host.Catalogue;
using Gateway.Host.OpenAi;
using Gateway.Host.ProxyRules;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Rules;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>Step 3, and the rules' part of steps 4 and 5: what the operator's rules make of a request, once per request.</summary>
internal sealed class RuleSteps(RuleSource rules, CatalogueSource catalogue, Forwarding forwarding, TimeProvider time, ILogger<RuleChain> log)
{
    private static readonly string[] ConversationHeaders = ["X-Session-Id", "X-Conversation-Id", "X-Run-Id"];

    /// <summary>The model and the body as the rules leave them, and the channels that serve them; the error, or <c>null</c>.</summary>
    public async ValueTask<GatewayError?> PrepareAsync(ChatCall call)
    {
        var set = rules.Of(call.Key.Workspace);
        var exchange = call.Exchange = ExchangeOf(call, set);
        call.Rules = new RuleChain(set.Match(call.Tags), exchange, log);

        // A request keeps the catalogue that it started with, as it does the rules.
        if (await RunAsync(call, RulePhase.Model) is { } refused)
            return refused;
        var resolution = Resolve(call);
        if (resolution is not ModelResolution.Resolved resolved)
            return RequestPipeline.Unresolved(resolution, exchange.Model, exchange.Provider);
        var candidates = forwarding.Order(resolved.Candidates);
        if (candidates.Count == 0)
            return GatewayError.NoChannel;

        call.Legs = [new Leg(resolved.Model, candidates)];
        exchange.Resolved = new ResolvedModel(
            resolved.Model.Provider, resolved.Model.Name, candidates[0].UpstreamModel, ModelEncoding.For(resolved.Model.Name).Encoding, resolved.Model.ContextWindow);
        return await RunAsync(call, RulePhase.Body);
    }

    /// <summary>Lets a rule answer (<see cref="ChatCall.Reply"/>).</summary>
    public ValueTask<GatewayError?> AnswerAsync(ChatCall call) => RunAsync(call, RulePhase.Answer);

    /// <summary>Adds the legs of a fallback chain.</summary>
    public async ValueTask<GatewayError?> PlanAsync(ChatCall call)
    {
        if (!call.Rules.Has(RulePhase.Attempts))
            return null;
        if (await RunAsync(call, RulePhase.Attempts) is { } refused)
            return refused;
        if (call.Exchange.Fallback is not { } plan)
            return null;

        var legs = new List<Leg>(plan.Candidates.Count + 1) { call.Legs[0] };
        foreach (var fallback in plan.Candidates)
            Add(call, legs, fallback);
        call.Legs = legs;
        return null;
    }

    /// <summary>Shows a complete answer to the rules that asked for it.</summary>
    public static async ValueTask FinishAsync(ChatCall call)
    {
        if (call.Exchange is not { WantsAnswer: true } || call.Ended is not { } ended)
            return;

        var ending = AnswerEnding.Read(ended.Body.Span, ended.Streamed);

        // CancellationToken.None: the answer is there, whether or not its client still is.
        await call.Rules.OnResponseAsync(
            ended with { FinishReason = ending.FinishReason, HasToolCalls = ending.HasToolCalls, HasRefusal = ending.HasRefusal }, CancellationToken.None);
    }

    private Exchange ExchangeOf(ChatCall call, RuleSet set)
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

    // The key must be allowed what was asked for, too: a rule saves money, it does not open doors.
    private ModelResolution Resolve(ChatCall call)
    {
        var (exchange, index, current) = (call.Exchange, call.Body.Index, catalogue.Current);
        var isOverridden = !ReferenceEquals(exchange.Model, index.Model);
        if (isOverridden && current.Identify(index.Model, index.Provider) is { } id)
        {
            var slash = id.IndexOf('/', StringComparison.Ordinal);
            if (!call.Key.AllowsModel(id[..slash], id[(slash + 1)..]))
                return new ModelResolution.NotAllowed();
        }

        return current.Resolve(exchange.Model, exchange.Provider, call.Key, time.GetUtcNow());
    }

    private void Add(ChatCall call, List<Leg> legs, FallbackModel fallback)
    {
        var resolution = catalogue.Current.Resolve(fallback.Model, fallback.Provider, call.Key, time.GetUtcNow());
        if (resolution is ModelResolution.Resolved resolved && forwarding.Order(resolved.Candidates) is { Count: > 0 } candidates)
            legs.Add(new Leg(resolved.Model, candidates));
        else
            call.Skip(fallback, resolution is ModelResolution.NotAllowed or ModelResolution.RouteNotAllowed ? "the key may not use it" : "nothing serves it");
    }

    private static async ValueTask<GatewayError?> RunAsync(ChatCall call, RulePhase phase)
    {
        switch (await call.Rules.RunAsync(phase, call.Http.RequestAborted))
        {
            case RuleOutcome.Answer answer:
                call.Reply = answer.Reply;
                return null;
            case RuleOutcome.Refuse refuse:
                return new GatewayError(400, refuse.Code, refuse.Message);
            default:
                return null;
        }
    }
}
