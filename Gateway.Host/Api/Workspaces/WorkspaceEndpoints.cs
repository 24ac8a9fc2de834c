using System.Text.Json.Nodes;
using Gateway.Host.ProxyRules;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Workspaces;

/// <summary><c>/api/workspace</c>: what the caller's workspace says about all of its requests. The first change makes the document; before it, the defaults are shown.</summary>
/// <remarks>Alert thresholds are not part of this version: the field is refused like any other that is not known.</remarks>
internal sealed class WorkspaceEndpoints(ResourceWriter writer, RuleSource rules)
{
    private const string Kind = WorkspaceFields.ResourceKind;
    private static readonly WorkspaceFieldsValidator Validator = new();

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/workspace", static (HttpContext http, WorkspaceEndpoints workspaces) => workspaces.GetAsync(http)).WithMetadata(new ScopeMetadata("workspace:read"));
        api.MapPatch("/workspace", static (HttpContext http, WorkspaceEndpoints workspaces) => workspaces.PatchAsync(http)).WithMetadata(new ScopeMetadata("workspace:write"));
    }

    private async Task<IResult> GetAsync(HttpContext http)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        var stored = await writer.FindAsync(Kind, workspace, workspace, http.RequestAborted);
        return ResourceWriter.Answer(http, Describe(stored ?? Default(workspace)));
    }

    private async Task<IResult> PatchAsync(HttpContext http)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        var request = await ApiRequest.ReadAsync(http);

        // 0 is the version of the defaults, which are not stored.
        var written = await writer.SaveAsync(Kind, workspace, workspace, request, stored =>
        {
            var (fields, _) = request.Merge(stored is null ? new WorkspaceFields().WithDefaults() : WorkspaceFields.Read(stored));
            ApiRequest.Check(Validator, fields);
            return fields.WithDefaults().ToBytes();
        });
        await rules.ReloadAsync(CancellationToken.None);
        return ResourceWriter.Answer(http, Describe(written.Resource), replayed: written.Replayed);
    }

    private static Resource Default(string workspace) =>
        new(Kind, workspace, workspace, Lookup: null, new WorkspaceFields().WithDefaults().ToBytes(), 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    private static JsonObject Describe(Resource workspace) => ResourceWriter.Describe(WorkspaceFields.Read(workspace.Body), workspace);
}
