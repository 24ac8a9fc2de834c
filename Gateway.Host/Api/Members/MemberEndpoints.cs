using System.Text.Json.Nodes;
using Gateway.Host.Members;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Members;

/// <summary><c>/api/members</c>: who owns keys, in which role, and what all of the member's keys may spend in a month. The first change of an id makes it.</summary>
internal sealed class MemberEndpoints(ResourceWriter writer, MemberDirectory directory)
{
    private const string Kind = MemberFields.ResourceKind;
    private static readonly MemberFieldsValidator Validator = new();

    public static void Map(RouteGroupBuilder api)
    {
        var read = new ScopeMetadata("members:read");
        var write = new ScopeMetadata("members:write");
        api.MapGet("/members", static (HttpContext http, MemberEndpoints members) => members.ListAsync(http)).WithMetadata(read);
        api.MapGet("/members/{id}", static (HttpContext http, string id, MemberEndpoints members) => members.GetAsync(http, id)).WithMetadata(read);
        api.MapPatch("/members/{id}", static (HttpContext http, string id, MemberEndpoints members) => members.PatchAsync(http, id)).WithMetadata(write);
        api.MapDelete("/members/{id}", static (HttpContext http, string id, MemberEndpoints members) => members.DeleteAsync(http, id)).WithMetadata(write);
    }

    private async Task<IResult> ListAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var page = await writer.ListAsync(Kind, ApiCaller.Of(http).Workspace, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<JsonObject>([.. page.Data.Select(Describe)], page.NextCursor), ApiJson.Options);
    }

    private async Task<IResult> GetAsync(HttpContext http, string id) =>
        await writer.FindAsync(Kind, id, ApiCaller.Of(http).Workspace, http.RequestAborted) is { } member
            ? ResourceWriter.Answer(http, Describe(member))
            : Problem.NotFound();

    private async Task<IResult> PatchAsync(HttpContext http, string id)
    {
        if (!MemberFields.IsId(id))
            return Problem.NotFound();

        var request = await ApiRequest.ReadAsync(http);
        var written = await writer.SaveAsync(Kind, id, ApiCaller.Of(http).Workspace, request, stored =>
        {
            var (fields, _) = request.Merge(stored is null ? new MemberFields { Role = MemberRole.Member } : MemberFields.Read(stored));
            ApiRequest.Check(Validator, fields);
            return fields.ToBytes();
        });
        directory.Invalidate(id);
        return ResourceWriter.Answer(http, Describe(written.Resource), replayed: written.Replayed);
    }

    private async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        await writer.DeleteAsync(Kind, id, ApiCaller.Of(http).Workspace, await ApiRequest.ReadAsync(http));
        directory.Invalidate(id);
        return Results.NoContent();
    }

    private static JsonObject Describe(Resource member)
    {
        var description = ResourceWriter.Describe(MemberFields.Read(member.Body), member);
        description["workspace"] = member.Workspace;
        return description;
    }
}
