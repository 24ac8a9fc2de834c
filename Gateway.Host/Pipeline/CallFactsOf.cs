using System.Diagnostics;
using System.Globalization;
using Gateway.Host.Catalogue;
using Gateway.Ledger;

namespace Gateway.Host.Pipeline;

/// <summary>What the receipt says of the request, apart from money.</summary>
internal static class CallFactsOf
{
    private const int MaxTags = 32;
    private const int MaxTagLength = 64;
    private const int MaxRunIdLength = 128;

    public static CallFacts Request(ChatCall call, Model model)
    {
        var headers = call.Http.Request.Headers;
        var first = call.Candidates[0];
        var runId = headers["X-Run-Id"].ToString();
        return new CallFacts
        {
            KeyId = call.Key.Id,
            MemberId = call.Member?.MemberId,
            Workspace = call.Key.Workspace,
            RunId = runId.Length is > 0 and <= MaxRunIdLength ? runId : null,
            Tags = Tags(call.Key.Tags, headers["X-Gateway-Tag"].ToString()),
            Endpoint = "/v1/chat/completions",
            Dialect = call.IsWallet ? "wallet" : "openai",
            Streamed = call.Body.Index.Stream,
            RequestedModel = call.Body.Index.Model,
            RoutedModel = $"{model.Provider}/{model.Name}",
            Provider = model.Provider,
            Model = model.Name,
            RouteType = first.Channel.RouteType,
            PrimaryChannel = first.Channel.Id,
            TraceId = Activity.Current?.TraceId.ToString(),
            ClientRetryCount = int.TryParse(headers["X-Stainless-Retry-Count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null,
        };
    }

    private static IReadOnlyList<string> Tags(IReadOnlyList<string> ofKey, string header)
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
