using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Members;
using Gateway.Host.ProxyRules;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Audit;

/// <summary><c>/api/audit</c>: who changed what, newest first. The operator who names no workspace sees every tenant's.</summary>
internal sealed class AuditEndpoints(IResourceStore store)
{
    // A document of any other kind may hold a secret, and is left out.
    private static readonly HashSet<string> Shown = new(StringComparer.Ordinal)
    {
        KeyDocument.ResourceKind, ChannelDocument.ResourceKind, ModelDocument.ResourceKind, MemberFields.ResourceKind,
        RuleFields.ResourceKind, TagDocument.ResourceKind, WorkspaceFields.ResourceKind,
        "top_up", "pack", "adjustment", "refund", "expiry", DetectorKey.AuditKind,
    };

    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/audit", static (HttpContext http, AuditEndpoints audit) => audit.ListAsync(http)).WithMetadata(new ScopeMetadata("audit:read"));

    private async Task<IResult> ListAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var caller = ApiCaller.Of(http);
        var workspace = caller is { IsOperator: true, NamedWorkspace: false } ? null : caller.Workspace;
        var page = await store.ListAuditAsync(workspace, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<AuditAnswer>([.. page.Data.Select(Describe)], page.NextCursor), ApiJson.Options);
    }

    private static AuditAnswer Describe(AuditRecord record) => new(
        record.Id, record.Workspace, record.Actor, record.Action, record.Kind, record.ResourceId, Document(record.Kind, record.Before),
        Document(record.Kind, record.After), record.At);

    private static JsonNode? Document(string kind, byte[]? body)
    {
        if (body is null || !Shown.Contains(kind))
            return null;

        var document = JsonNode.Parse(body);
        if (document is JsonObject fields)
            fields.Remove("sealedApiKey");
        return document;
    }

    private sealed record AuditAnswer(
        long Id, string Workspace, string Actor, string Action, string Kind, string ResourceId, JsonNode? Before, JsonNode? After, DateTimeOffset At);
}
