using System.Text.Json.Nodes;
using Gateway.Host.ProxyRules;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Tags;

/// <summary><c>/api/tags</c>: how strongly requests with a tag are compressed.</summary>
internal sealed class TagEndpoints(ResourceWriter writer, RuleSource rules)
{
    /// <summary>The most tags that a workspace may describe.</summary>
    public const int MostTags = 1_000;

    private const string Kind = TagDocument.ResourceKind;
    private static readonly TagFieldsValidator Validator = new();

    public static void Map(RouteGroupBuilder api)
    {
        var read = new ScopeMetadata("rules:read");
        var write = new ScopeMetadata("rules:write");
        api.MapGet("/tags", static (HttpContext http, TagEndpoints tags) => tags.ListAsync(http)).WithMetadata(read);
        api.MapGet("/tags/{tag}", static (HttpContext http, string tag, TagEndpoints tags) => tags.GetAsync(http, tag)).WithMetadata(read);
        api.MapPut("/tags/{tag}", static (HttpContext http, string tag, TagEndpoints tags) => tags.PutAsync(http, tag)).WithMetadata(write);
        api.MapDelete("/tags/{tag}", static (HttpContext http, string tag, TagEndpoints tags) => tags.DeleteAsync(http, tag)).WithMetadata(write);
    }

    private async Task<IResult> ListAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var page = await writer.ListAsync(Kind, ApiCaller.Of(http).Workspace, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<JsonObject>([.. page.Data.Select(Describe)], page.NextCursor), ApiJson.Options);
    }

    private async Task<IResult> GetAsync(HttpContext http, string tag)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        return await writer.FindAsync(Kind, TagDocument.IdOf(workspace, tag), workspace, http.RequestAborted) is { } found
            ? ResourceWriter.Answer(http, Describe(found))
            : Problem.NotFound();
    }

    private async Task<IResult> PutAsync(HttpContext http, string tag)
    {
        if (!NameShapes.Tag(tag))
            return Problem.Invalid("tag", NameShapes.TagMessage);

        var workspace = ApiCaller.Of(http).Workspace;
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<TagFields>();
        ApiRequest.Check(Validator, fields);
        var written = await writer.SaveAsync(Kind, TagDocument.IdOf(workspace, tag), workspace, request, stored =>
        {
            if (stored is null && rules.Of(workspace).Settings.TagStrengths.Count >= MostTags)
                throw new ApiRefusal(Problem.Conflict($"The workspace describes {MostTags} tags, which is the most: delete one first."));
            return new TagDocument(tag, fields).ToBytes();
        });
        await rules.ReloadAsync(CancellationToken.None);
        return ResourceWriter.Answer(http, Describe(written.Resource), written.Resource.Version == 1 ? 201 : 200, written.Replayed);
    }

    private async Task<IResult> DeleteAsync(HttpContext http, string tag)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        await writer.DeleteAsync(Kind, TagDocument.IdOf(workspace, tag), workspace, await ApiRequest.ReadAsync(http));
        await rules.ReloadAsync(CancellationToken.None);
        return Results.NoContent();
    }

    private static JsonObject Describe(Resource tag)
    {
        var document = TagDocument.Read(tag.Body);
        var description = ResourceWriter.Describe(document.Fields, tag);
        description.Insert(1, "tag", document.Tag);
        description["workspace"] = tag.Workspace;
        return description;
    }
}
