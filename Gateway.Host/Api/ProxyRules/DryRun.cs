using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Pipeline;
using Gateway.Host.ProxyRules;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Host.Api.ProxyRules;

/// <summary><c>POST /api/proxy-rules/dry-run</c>: the rules of the workspace over a body, as a request would meet them; nothing is called, charged or remembered.</summary>
internal sealed class DryRun(RuleSource rules, CatalogueSource catalogue, TimeProvider time, ILogger<RuleChain> log)
{
    /// <summary>The largest body, the request around it included. Unit: bytes. A transcript with its tool output is larger than any other body of <c>/api</c>.</summary>
    public const int MostBodyBytes = 32 << 20;

    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        // The server's limit may be lower; what is read below has its own.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        using var body = new RequestBody(CallKind.Chat);
        if (await body.ReadBytesAsync(http.Request, MostBodyBytes, http.RequestAborted) is { } unreadable)
        {
            return unreadable.Status switch
            {
                413 => Problem.TooLarge(),
                415 => Problem.UnsupportedMediaType(),
                _ => Problem.Invalid("", unreadable.Message),
            };
        }

        var request = DryRunRequest.Read(body.Bytes.Span);
        var inner = body.Bytes.Slice(request.Body.Offset, request.Body.Length);
        var index = new RequestIndex { Kind = CallKind.All.First(kind => string.Equals(kind.Path, request.Endpoint, StringComparison.Ordinal)) };
        if (!index.TryRead(inner, out var error))
            return Problem.Invalid("body", error.Message);
        return await RunAsync(http, request, inner, index);
    }

    private async Task<IResult> RunAsync(HttpContext http, DryRunRequest request, ReadOnlyMemory<byte> inner, RequestIndex index)
    {
        var caller = ApiCaller.Of(http);
        var set = rules.Of(caller.Workspace);
        using var exchange = new Exchange(index, inner)
        {
            Workspace = caller.Workspace,
            KeyId = caller.Key.Id,
            Tags = request.Tags,
            Settings = set.Settings,
            IsDryRun = true,
            Identify = catalogue.Current.Identify,
        };
        var answer = new DryRunAnswer { RequestedModel = index.Model, Chain = new RuleChain(set.Match(request.Tags), exchange, log), Exchange = exchange };
        if (!await RunAsync(answer, RulePhase.Model, http.RequestAborted))
            return answer;

        var resolution = catalogue.Current.Resolve(exchange.Model, exchange.Provider, AnyKeyOf(caller), time.GetUtcNow());
        if (resolution is not ModelResolution.Resolved resolved)
            return Problem.Invalid("body", RequestPipeline.Unresolved(resolution, exchange.Model, exchange.Provider).Message);
        var candidate = resolved.Candidates[0];
        exchange.Resolved = new ResolvedModel(
            resolved.Model.Provider, resolved.Model.Name, candidate.UpstreamModel, ModelEncoding.For(resolved.Model.Name).Encoding, resolved.Model.ContextWindow);
        answer.Field = candidate.Channel.Preset.OutputLimitField;
        answer.TokensBefore = CountPrompt(exchange);

        var goesOn = await RunAsync(answer, RulePhase.Body, http.RequestAborted);
        answer.TokensAfter = CountPrompt(exchange);
        if (goesOn && await RunAsync(answer, RulePhase.Answer, http.RequestAborted))
            await RunAsync(answer, RulePhase.Attempts, http.RequestAborted);
        return answer;
    }

    private static async ValueTask<bool> RunAsync(DryRunAnswer answer, RulePhase phase, CancellationToken cancellationToken)
    {
        var outcome = await answer.Chain.RunAsync(phase, cancellationToken);
        answer.Refused = outcome as RuleOutcome.Refuse;
        answer.AnsweredBy = (outcome as RuleOutcome.Answer)?.Reply.Status;
        return outcome is null;
    }

    private static long? CountPrompt(Exchange exchange)
    {
        var index = exchange.Index;
        if (!index.MessagesValue.IsPresent)
            return null;
        var body = exchange.Body.Span;
        return ChatTokens.CountPrompt(index.MessagesValue.Of(body), index.ToolsValue.Of(body), exchange.Resolved!.Name).Tokens; // not null: resolved before
    }

    // No key's limits: what the rules do does not depend on who calls.
    private static KeySnapshot AnyKeyOf(ApiCaller caller) => new()
    {
        Id = caller.Key.Id,
        Workspace = caller.Workspace,
        Account = KeySnapshot.AccountOf(caller.Workspace),
        Kind = KeyKind.Inference,
        Limits = new KeyLimits { KeyId = caller.Key.Id },
    };
}
