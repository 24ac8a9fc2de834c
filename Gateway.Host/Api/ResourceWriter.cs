using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api;

/// <summary>A page of a list.</summary>
internal sealed record ListAnswer<T>(IReadOnlyList<T> Data, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextCursor);

/// <summary>What reading, changing and removing a stored resource have in common.</summary>
internal sealed class ResourceWriter(IResourceStore store, IResourceNotices notices, TimeProvider time)
{
    private const int DefaultLimit = 50;
    /// <summary>The largest page.</summary>
    public const int MostLimit = 200;

    private const int Tries = 4;

    /// <summary>The resource, if this tenant may see it; another tenant's is as if it were not there.</summary>
    public async Task<Resource?> FindAsync(string kind, string id, string? workspace, CancellationToken cancellationToken)
    {
        if (!NameShapes.Id(id))
            return null;
        var resource = await store.FindAsync(kind, id, cancellationToken);
        return workspace is null || string.Equals(resource?.Workspace, workspace, StringComparison.Ordinal) ? resource : null;
    }

    /// <summary>What a write under this idempotency key has returned; <c>null</c>: there was none.</summary>
    /// <exception cref="ApiRefusal">The key was used for something else.</exception>
    public async Task<WriteResult.Written?> FindReplayAsync(Authorship by, CancellationToken cancellationToken) =>
        await store.FindWriteAsync(by, cancellationToken) is { } earlier ? Unwrap(earlier) : null;

    /// <summary>Makes a resource.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task<WriteResult.Written> CreateAsync(string kind, string id, string workspace, string? lookup, byte[] body, Authorship by)
    {
        var now = time.GetUtcNow();

        // CancellationToken.None, here and below: what a client asked for and may have got is not left half done because it hung up.
        return Unwrap(await store.CreateAsync(new Resource(kind, id, workspace, lookup, body, 1, now, now), by, CancellationToken.None));
    }

    /// <summary>Changes a resource; <paramref name="change"/> may run again when another writer came between.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task<WriteResult.Written> UpdateAsync(string kind, string id, string? workspace, ApiRequest request, Func<Resource, Resource> change)
    {
        for (var attempt = 1; ; attempt++)
        {
            var resource = await FindAsync(kind, id, workspace, CancellationToken.None) ?? throw new ApiRefusal(Problem.NotFound());
            var changed = change(resource) with { UpdatedAt = time.GetUtcNow() };
            var result = await store.UpdateAsync(changed, request.IfMatch ?? resource.Version, request.By, CancellationToken.None);
            if (result is WriteResult.VersionMismatch && request.IfMatch is null && attempt < Tries)
                continue;
            return Unwrap(result);
        }
    }

    /// <summary>Makes a resource or changes it, whichever is needed; <paramref name="change"/> gets the stored body, and may run again when another writer came between.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task<WriteResult.Written> SaveAsync(string kind, string id, string workspace, ApiRequest request, Func<byte[]?, byte[]> change)
    {
        for (var attempt = 1; ; attempt++)
        {
            var resource = await FindAsync(kind, id, workspace, CancellationToken.None);
            if (request.IfMatch is { } expected && expected != (resource?.Version ?? 0))
                throw new ApiRefusal(Problem.PreconditionFailed());
            var body = change(resource?.Body);
            var now = time.GetUtcNow();
            var result = resource is null
                ? await store.CreateAsync(new Resource(kind, id, workspace, Lookup: null, body, 1, now, now), request.By, CancellationToken.None)
                : await store.UpdateAsync(
                    resource with { Body = body, UpdatedAt = now }, request.IfMatch ?? resource.Version, request.By, CancellationToken.None);
            if (result is WriteResult.VersionMismatch or WriteResult.Taken or WriteResult.NotFound && request.IfMatch is null && attempt < Tries)
                continue;
            return Unwrap(result is WriteResult.Taken && request.IfMatch is not null ? new WriteResult.VersionMismatch(1) : result);
        }
    }

    /// <summary>Removes a resource.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task DeleteAsync(string kind, string id, string? workspace, ApiRequest request)
    {
        // Under an idempotency key a resource that is gone may be this very request's doing: the store knows.
        if (await FindAsync(kind, id, workspace, CancellationToken.None) is null
            && (request.By.IdempotencyKey is null || !NameShapes.Id(id) || await store.FindAsync(kind, id, CancellationToken.None) is not null))
        {
            throw new ApiRefusal(Problem.NotFound());
        }

        Unwrap(await store.DeleteAsync(kind, id, request.IfMatch, request.By, CancellationToken.None));
    }

    /// <summary>A page of the resources of one kind.</summary>
    public async Task<Page<Resource>> ListAsync(string kind, string? workspace, int limit, string? cursor, CancellationToken cancellationToken) =>
        await store.ListAsync(kind, workspace, limit, cursor, cancellationToken);

    /// <summary>The <c>limit</c> and <c>cursor</c> of a list.</summary>
    /// <exception cref="ApiRefusal">They are out of range.</exception>
    public static (int Limit, string? Cursor) PageOf(HttpRequest request)
    {
        var text = request.Query["limit"].ToString();
        var limit = DefaultLimit;
        if (text.Length > 0 && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostLimit))
            throw new ApiRefusal(Problem.Invalid("limit", $"must be from 1 to {MostLimit}."));
        var cursor = request.Query["cursor"].ToString();
        if (cursor.Length > 200 || !cursor.All(static c => char.IsAsciiLetterOrDigit(c) || "_-:.=".Contains(c, StringComparison.Ordinal)))
            throw new ApiRefusal(Problem.Invalid("cursor", "is not one that this list gave."));
        return (limit, cursor.Length == 0 ? null : cursor);
    }

    /// <summary>The fields of a resource with what every answer adds.</summary>
    public static JsonObject Describe<T>(T fields, Resource resource, string source = "rest")
    {
        var node = (JsonObject)JsonSerializer.SerializeToNode(fields, ApiJson.Options)!;
        node.Insert(0, "id", resource.Id);
        node["createdAt"] = resource.CreatedAt;
        node["updatedAt"] = resource.UpdatedAt;
        node["etag"] = ETagOf(resource);
        node["source"] = source;
        return node;
    }

    /// <summary>Answers with a resource: its ETag, 201 when it was made, and whether this was a replay.</summary>
    public static IResult Answer(HttpContext http, JsonObject description, int status = 200, bool replayed = false)
    {
        http.Response.Headers.ETag = description["etag"]?.GetValue<string>();
        if (replayed)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        if (status == 201)
            http.Response.Headers.Location = $"{http.Request.Path}/{description["id"]}";
        return Results.Json(description, ApiJson.Options, statusCode: status);
    }

    private static string ETagOf(Resource resource) => $"\"{resource.Version}\"";

    private WriteResult.Written Unwrap(WriteResult result)
    {
        var written = Checked(result);
        if (!written.Replayed)
            notices.Publish();
        return written;
    }

    private static WriteResult.Written Checked(WriteResult result) => result switch
    {
        WriteResult.Written written => written,
        WriteResult.NotFound => throw new ApiRefusal(Problem.NotFound()),
        WriteResult.VersionMismatch => throw new ApiRefusal(Problem.PreconditionFailed()),
        WriteResult.Taken => throw new ApiRefusal(Problem.Conflict("Another resource of this kind has the same name.")),
        WriteResult.KeyReused => throw new ApiRefusal(Problem.KeyReused()),
        _ => throw new System.Diagnostics.UnreachableException(result.ToString()),
    };
}
