using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;
using Gateway.Host.ProxyRules;
using Gateway.Ledger.Book;
using Gateway.Transforms;

namespace Gateway.Host.Api.ProxyRules;

/// <summary><c>/api/proxy-rules</c>: a rule is in force here before the answer to its write leaves, and on the other gateways within a second.</summary>
internal sealed class ProxyRuleEndpoints(ResourceWriter writer, RuleSource rules, CatalogueSource catalogue, TimeProvider time) : IDisposable
{
    /// <summary>The most rules that a workspace may store.</summary>
    public const int MostRules = 10_000;

    private const string Kind = RuleFields.ResourceKind;

    private readonly RuleChecks checks = new(rules, catalogue);

    // One write at a time in a gateway: what a rule was checked against must not move before it is written. Between gateways the checks may miss each other;
    // that costs a rule too many or a cycle, which both are harmless to requests.
    private readonly SemaphoreSlim writing = new(1, 1);

    public static void Map(RouteGroupBuilder api)
    {
        var read = new ScopeMetadata("rules:read");
        var write = new ScopeMetadata("rules:write");
        api.MapPost("/proxy-rules", static (HttpContext http, ProxyRuleEndpoints rules) => rules.CreateAsync(http)).WithMetadata(write);
        api.MapGet("/proxy-rules", static (HttpContext http, ProxyRuleEndpoints rules) => rules.ListAsync(http)).WithMetadata(read);
        api.MapGet("/proxy-rules/schema", static (RuleTypes types) => Results.Json(RuleSchema.Of(types), ApiJson.Options, "application/schema+json")).WithMetadata(read);
        api.MapPost("/proxy-rules/dry-run", static (HttpContext http, DryRun dryRun) => dryRun.AnswerAsync(http)).WithMetadata(read);
        api.MapGet("/proxy-rules/{id}", static (HttpContext http, string id, ProxyRuleEndpoints rules) => rules.GetAsync(http, id)).WithMetadata(read);
        api.MapPatch("/proxy-rules/{id}", static (HttpContext http, string id, ProxyRuleEndpoints rules) => rules.PatchAsync(http, id)).WithMetadata(write);
        api.MapDelete("/proxy-rules/{id}", static (HttpContext http, string id, ProxyRuleEndpoints rules) => rules.DeleteAsync(http, id)).WithMetadata(write);
    }

    /// <inheritdoc/>
    public void Dispose() => writing.Dispose();

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var workspace = ApiCaller.Of(http).Workspace;
        return await WriteAsync(http, request, 201, async () =>
        {
            var rule = Read(request.Read<RuleFields>());
            Refuse(checks.Find(rule, id: null, workspace));
            if (rules.CountOf(workspace) >= MostRules)
                throw new ApiRefusal(Problem.Conflict($"The workspace has {MostRules} rules, which is the most: delete one first."));
            return await writer.CreateAsync(Kind, $"rule_{Guid.CreateVersion7(time.GetUtcNow()):N}", workspace, lookup: null, rule.Fields.ToBytes(), request.By);
        });
    }

    private Task<IResult> ListAsync(HttpContext http)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        var filter = RuleFilter.Read(http.Request.Query, rules.Types);
        var configured = rules.Configured.Where(rule => rule.IsFor(workspace) && filter.Matches(rule.Rule.Fields)).Select(DescribeConfigured);
        return Listing.AnswerAsync(http, writer, Kind, [.. configured], Describe, workspace, filter.IsOpen ? null : rule => filter.Matches(RuleFields.Read(rule.Body)));
    }

    private async Task<IResult> GetAsync(HttpContext http, string id)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        if (Configured(id, workspace) is { } configured)
            return ResourceWriter.Answer(http, DescribeConfigured(configured));
        return await writer.FindAsync(Kind, id, workspace, http.RequestAborted) is { } rule ? ResourceWriter.Answer(http, Describe(rule)) : Problem.NotFound();
    }

    private async Task<IResult> PatchAsync(HttpContext http, string id)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        if (Configured(id, workspace) is not null)
            return Problem.ReadOnly();
        var request = await ApiRequest.ReadAsync(http);
        return await WriteAsync(http, request, 200, () => writer.UpdateAsync(Kind, id, workspace, request, rule => Merge(rule, request)));
    }

    private async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        if (Configured(id, workspace) is not null)
            return Problem.ReadOnly();
        await writer.DeleteAsync(Kind, id, workspace, await ApiRequest.ReadAsync(http));
        await rules.ReloadAsync(CancellationToken.None);
        return Results.NoContent();
    }

    // What was answered under an idempotency key is answered again, whatever the checks would say now.
    private async Task<IResult> WriteAsync(HttpContext http, ApiRequest request, int status, Func<Task<WriteResult.Written>> write)
    {
        await writing.WaitAsync(http.RequestAborted);
        try
        {
            if (await writer.FindReplayAsync(request.By, http.RequestAborted) is { } earlier)
                return ResourceWriter.Answer(http, Describe(earlier.Resource), status, replayed: true);

            await rules.ReloadAsync(http.RequestAborted);
            var written = await write();
            await rules.ReloadAsync(CancellationToken.None);
            return ResourceWriter.Answer(http, Describe(written.Resource), status, written.Replayed);
        }
        finally
        {
            writing.Release();
        }
    }

    private Resource Merge(Resource resource, ApiRequest request)
    {
        var stored = RuleFields.Read(resource.Body);
        var (fields, named) = request.Merge(stored);
        if (!string.Equals(fields.Type, stored.Type, StringComparison.Ordinal))
        {
            if (!named.Contains("config"))
                throw new ApiRefusal(Problem.Invalid("config", "must be sent with another type."));

            // Nothing of the other type's configuration is merged into this one's.
            fields = fields with { Config = request.Read<RuleFields>().Config };
        }

        var rule = Read(fields);

        // What switches a rule off is never refused for what the rule says.
        if (rule.Enabled || named.Contains("config"))
            Refuse(checks.Find(rule, resource.Id, resource.Workspace));
        return resource with { Body = rule.Fields.ToBytes() };
    }

    private SoundRule Read(RuleFields fields)
    {
        var rule = rules.Types.Read(fields, isText: false, out var mistakes);
        Refuse(mistakes);
        return rule!; // not null: there were no mistakes
    }

    private static void Refuse(IReadOnlyList<ConfigMistake> mistakes)
    {
        if (mistakes.Count > 0)
            throw new ApiRefusal(Problem.Invalid(mistakes.Select(static mistake => (mistake.Field, mistake.Message))));
    }

    private ConfiguredRule? Configured(string id, string workspace) =>
        rules.Configured.FirstOrDefault(rule => rule.IsFor(workspace) && string.Equals(rule.Id, id, StringComparison.Ordinal));

    private static JsonObject Describe(Resource rule)
    {
        var description = ResourceWriter.Describe(RuleFields.Read(rule.Body), rule);
        description["workspace"] = rule.Workspace;
        return description;
    }

    private static JsonObject DescribeConfigured(ConfiguredRule rule)
    {
        var description = ResourceWriter.Describe(rule.Rule.Fields, Listing.Configured(Kind, rule.Id), "configuration");
        if (rule.Workspace is not null)
            description["workspace"] = rule.Workspace;
        return description;
    }
}
