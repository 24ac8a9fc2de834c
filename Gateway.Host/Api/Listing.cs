using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api;

/// <summary>Lists what is declared in configuration first, then what is stored.</summary>
internal static class Listing
{
    private const string ConfiguredCursor = "cfg:";

    public static async Task<IResult> AnswerAsync(
        HttpContext http, ResourceWriter writer, string kind, IReadOnlyList<JsonObject> configured, Func<Resource, JsonObject> describe)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var data = new List<JsonObject>();
        if (cursor is null || cursor.StartsWith(ConfiguredCursor, StringComparison.Ordinal))
        {
            var offset = 0;
            if (cursor is not null && !int.TryParse(cursor.AsSpan(ConfiguredCursor.Length), NumberStyles.None, CultureInfo.InvariantCulture, out offset))
                return Problem.Invalid("cursor", "is not one that this list gave.");
            data.AddRange(configured.Skip(offset).Take(limit));
            if (data.Count == limit)
                return Results.Json(new ListAnswer<JsonObject>(data, $"{ConfiguredCursor}{offset + limit}"), ApiJson.Options);
            cursor = null;
        }

        var page = await writer.ListAsync(kind, workspace: null, limit - data.Count, cursor, http.RequestAborted);
        data.AddRange(page.Data.Select(describe));
        return Results.Json(new ListAnswer<JsonObject>(data, page.NextCursor), ApiJson.Options);
    }

    /// <summary>Stands for a configured resource where a stored one is described.</summary>
    public static Resource Configured(string kind, string id) => new(kind, id, "*", null, [], 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
}
