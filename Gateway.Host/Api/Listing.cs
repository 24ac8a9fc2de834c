using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api;

/// <summary>Lists what is declared in configuration first, then what is stored.</summary>
internal static class Listing
{
    private const string ConfiguredCursor = "cfg:";

    public static async Task<IResult> AnswerAsync(
        HttpContext http, ResourceWriter writer, string kind, IReadOnlyList<JsonObject> configured, Func<Resource, JsonObject> describe,
        string? workspace = null, Func<Resource, bool>? filter = null)
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

        do
        {
            // Filtered, a page may be less than full: the list goes on until it has enough, or there is no more.
            var page = await writer.ListAsync(kind, workspace, filter is null ? limit - data.Count : ResourceWriter.MostLimit, cursor, http.RequestAborted);
            foreach (var resource in page.Data.Where(filter ?? (static _ => true)))
            {
                data.Add(describe(resource));
                if (data.Count == limit && filter is not null)
                    return Results.Json(new ListAnswer<JsonObject>(data, ReferenceEquals(resource, page.Data[^1]) ? page.NextCursor : resource.Id), ApiJson.Options);
            }

            cursor = page.NextCursor;
        }
        while (filter is not null && cursor is not null);
        return Results.Json(new ListAnswer<JsonObject>(data, cursor), ApiJson.Options);
    }

    /// <summary>Stands for a configured resource where a stored one is described.</summary>
    public static Resource Configured(string kind, string id) => new(kind, id, "*", null, [], 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
}
