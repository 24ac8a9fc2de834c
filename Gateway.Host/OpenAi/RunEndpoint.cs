using System.Text.Json;
using Gateway.Host.Keys;
using Gateway.Host.Pipeline;
using Gateway.Ledger;

namespace Gateway.Host.OpenAi;

/// <summary><c>GET /v1/runs/{id}</c>: the run's receipt, of the key's own calls.</summary>
internal static class RunEndpoint
{
    public static async Task ReadAsync(HttpContext http, KeySnapshot key)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        var run = TryReadCursor(http.Request, out var cursor) && CallFactsOf.IsRunId(id)
            ? await http.RequestServices.GetRequiredService<IRuns>().FindRunAsync(new RunQuery(id, key.Workspace, key.Id), cursor, http.RequestAborted)
            : null;
        if (run is null)
            await ErrorWriter.WriteAsync(http, GatewayError.NotFound);
        else
            await JsonAnswer.WriteAsync(http, json => Write(json, id, run));
    }

    /// <summary>The query's <c>cursor</c>; <c>false</c>: it is not one that a run gave.</summary>
    public static bool TryReadCursor(HttpRequest request, out ReceiptId? cursor)
    {
        cursor = null;
        if (request.Query["cursor"].ToString() is not { Length: > 0 } text)
            return true;

        var isId = ReceiptId.TryParse(text, out var id);
        cursor = id;
        return isId;
    }

    /// <summary>The members of a run's receipt. Several currencies have no one cost: then <c>cost</c> is null and <c>costs</c> has them.</summary>
    public static void Write(Utf8JsonWriter json, string id, Run run)
    {
        json.WriteString("id", id);
        json.WriteNumber("calls", run.Parts.Sum(static part => part.Calls));
        json.WriteNumber("attempts", run.Parts.Sum(static part => part.Attempts));
        json.WriteNumber("fallbacks", run.Parts.Sum(static part => part.Fallbacks));
        json.WriteStartObject("outcomes");
        foreach (var outcome in run.Parts.GroupBy(static part => part.Outcome, StringComparer.Ordinal))
            json.WriteNumber(outcome.Key, outcome.Sum(static part => part.Calls));
        json.WriteEndObject();
        WriteUsage(json, run);
        WriteCosts(json, run);
        json.WriteString("startedAt", Instant(run.Parts.Min(static part => part.StartedAt)));
        json.WriteString("endedAt", Instant(run.Parts.Max(static part => part.EndedAt)));
        json.WriteStartArray("models");
        foreach (var model in run.Models)
            json.WriteStringValue(model);
        json.WriteEndArray();
        json.WriteStartArray("receipts");
        foreach (var receipt in run.Receipts)
            json.WriteStringValue(receipt.ToString());
        json.WriteEndArray();
        json.WriteString("nextCursor", run.NextCursor);
    }

    // Whole milliseconds, as receipts say it: the book keeps fewer digits than the memory.
    private static DateTime Instant(DateTimeOffset at) => at.UtcDateTime.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMillisecond));

    private static void WriteUsage(Utf8JsonWriter json, Run run)
    {
        var usage = run.Parts.Aggregate(default(Usage), static (sum, part) => sum + part.Usage);
        json.WriteStartObject("usage");
        json.WriteNumber("inputTokens", usage.InputTokens);
        json.WriteNumber("cachedInputTokens", usage.CachedInputTokens);
        json.WriteNumber("cacheWriteTokens", usage.CacheWriteTokens);
        json.WriteNumber("outputTokens", usage.OutputTokens);
        json.WriteNumber("reasoningTokens", usage.ReasoningTokens);
        if (usage.Images != 0)
            json.WriteNumber("images", usage.Images);
        if (usage.AudioMilliseconds != 0)
            json.WriteNumber("audioSeconds", usage.AudioMilliseconds / 1000m);
        if (usage.Characters != 0)
            json.WriteNumber("characters", usage.Characters);
        json.WriteEndObject();
    }

    private static void WriteCosts(Utf8JsonWriter json, Run run)
    {
        var costs = run.Parts.GroupBy(static part => part.Currency, StringComparer.Ordinal)
            .Select(static parts => (Currency: parts.Key, Cost: new Credits(parts.Sum(static part => part.Cost.Nano))))
            .ToList();
        if (costs.Count == 1)
        {
            json.WriteNumber("cost", costs[0].Cost.ToDecimal());
            json.WriteString("currency", costs[0].Currency);
            return;
        }

        json.WriteNull("cost");
        json.WriteNull("currency");
        json.WriteStartArray("costs");
        foreach (var (currency, cost) in costs)
        {
            json.WriteStartObject();
            json.WriteNumber("cost", cost.ToDecimal());
            json.WriteString("currency", currency);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
