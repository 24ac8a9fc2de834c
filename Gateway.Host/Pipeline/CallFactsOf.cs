using System.Diagnostics;
using System.Globalization;
using Gateway.Host.Catalogue;
using Gateway.Ledger;
using Gateway.Transforms;

namespace Gateway.Host.Pipeline;

/// <summary>What the receipt says of the request, apart from money.</summary>
internal static class CallFactsOf
{
    private const int MaxTags = 32;
    private const int MaxTagLength = 64;
    private const int MaxRunIdLength = 128;

    public static CallFacts Request(ModelCall call, Leg leg)
    {
        var headers = call.Http.Request.Headers;
        var (model, first) = (leg.Model, leg.Candidates[0]);
        return new CallFacts
        {
            KeyId = call.Key.Id,
            MemberId = call.Member?.MemberId,
            Workspace = call.Key.Workspace,
            RunId = TryReadRunId(headers, out var runId) ? runId : null,
            Tags = call.Tags,
            Endpoint = call.Kind.Path,
            Dialect = call.IsWallet ? "wallet" : call.Kind == CallKind.Messages ? "anthropic" : "openai",
            Streamed = call.Body.Index.Stream,
            RequestedModel = call.Body.Index.Model,
            RoutedModel = model.Id,
            Provider = model.Provider,
            Model = model.Name,
            RouteType = first.Channel.RouteType,
            PrimaryChannel = first.Channel.Id,
            Rules = Rules(call),
            TraceId = TraceIdOf(call),
            ClientRetryCount = int.TryParse(headers["X-Stainless-Retry-Count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null,
        };
    }

    // Without telemetry the caller's own trace is named all the same.
    private static string? TraceIdOf(ModelCall call)
    {
        if (call.Span is { } span)
            return span.TraceId.ToHexString();
        return ActivityContext.TryParse(call.Http.Request.Headers.TraceParent, traceState: null, out var caller) ? caller.TraceId.ToHexString() : null;
    }

    /// <summary>The client's <c>X-Run-Id</c>, <c>null</c> without one; <c>false</c>: it is no run's id.</summary>
    public static bool TryReadRunId(IHeaderDictionary headers, out string? runId)
    {
        runId = null;
        if (headers["X-Run-Id"] is not { Count: > 0 } values)
            return true;

        runId = values.ToString();
        return IsRunId(runId);
    }

    /// <summary>Whether it is 1 to 128 printable ASCII characters.</summary>
    public static bool IsRunId(string runId) => runId.Length is > 0 and <= MaxRunIdLength && !runId.AsSpan().ContainsAnyExceptInRange(' ', '~');

    /// <summary>What the rules did so far.</summary>
    public static IReadOnlyList<AppliedRule> Rules(ModelCall call) => call.Rules.Effects is { Count: > 0 } effects
        ? [.. effects.Select(static effect => new AppliedRule(effect.Id, effect.Type, effect.ToJson()))]
        : [];

    /// <summary>The labels of the key and of <c>X-Gateway-Tag</c>.</summary>
    public static IReadOnlyList<string> Tags(IReadOnlyList<string> ofKey, string header)
    {
        if (header.Length == 0)
            return ofKey;

        var tags = new List<string>(ofKey);
        foreach (var part in header.Split(',', MaxTags, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Length <= MaxTagLength && tags.Count < MaxTags && !tags.Contains(part, StringComparer.Ordinal))
                tags.Add(part);
        }

        return tags;
    }
}
