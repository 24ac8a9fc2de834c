using System.Text.Json.Nodes;
using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Keys;

/// <summary><c>/api/keys</c>. The secret is in two answers only: of the creation and of a rotation, and not in their replays.</summary>
internal sealed class KeyEndpoints(ResourceWriter writer, KeyHasher hasher, KeyDirectory directory, ILedger ledger, TimeProvider time)
{
    private const string Kind = KeyDocument.ResourceKind;
    private static readonly KeyFieldsValidator Validator = new();

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/keys", static (HttpContext http, KeyEndpoints keys) => keys.CreateAsync(http)).WithMetadata(new ScopeMetadata("keys:write"));
        api.MapGet("/keys", static (HttpContext http, KeyEndpoints keys) => keys.ListAsync(http)).WithMetadata(new ScopeMetadata("keys:read"));
        api.MapGet("/keys/{id}", static (HttpContext http, string id, KeyEndpoints keys) => keys.GetAsync(http, id)).WithMetadata(new ScopeMetadata("keys:read"));
        api.MapPatch("/keys/{id}", static (HttpContext http, string id, KeyEndpoints keys) => keys.PatchAsync(http, id)).WithMetadata(new ScopeMetadata("keys:write"));
        api.MapDelete("/keys/{id}", static (HttpContext http, string id, KeyEndpoints keys) => keys.DeleteAsync(http, id)).WithMetadata(new ScopeMetadata("keys:write"));
        api.MapPost("/keys/{id}/rotate", static (HttpContext http, string id, KeyEndpoints keys) => keys.RotateAsync(http, id)).WithMetadata(new ScopeMetadata("keys:write"));
        api.MapGet("/keys/{id}/usage", static (HttpContext http, string id, KeyEndpoints keys) => keys.UsageAsync(http, id)).WithMetadata(new ScopeMetadata("keys:read"));
    }

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var caller = ApiCaller.Of(http);
        var fields = request.Read<KeyFields>();
        ApiRequest.Check(Validator, fields);
        CheckScopes(caller, fields);
        if (fields.ExpiresAt <= time.GetUtcNow())
            return Problem.Invalid("expiresAt", "must be in the future.");

        var secret = NewSecret(fields);
        var document = new KeyDocument(fields, KeyDocument.HintOf(secret));
        var written = await writer.CreateAsync(Kind, $"key_{Guid.CreateVersion7(time.GetUtcNow()):N}", caller.Workspace, hasher.Mac(secret), document.ToBytes(), request.By);
        return WithSecret(http, written, secret, 201);
    }

    private async Task<IResult> ListAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var page = await writer.ListAsync(Kind, ApiCaller.Of(http).Workspace, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<JsonObject>([.. page.Data.Select(Describe)], page.NextCursor), ApiJson.Options);
    }

    private async Task<IResult> GetAsync(HttpContext http, string id) =>
        await writer.FindAsync(Kind, id, ApiCaller.Of(http).Workspace, http.RequestAborted) is { } key
            ? ResourceWriter.Answer(http, Describe(key))
            : Problem.NotFound();

    private async Task<IResult> PatchAsync(HttpContext http, string id)
    {
        var request = await ApiRequest.ReadAsync(http);
        var caller = ApiCaller.Of(http);
        var written = await writer.UpdateAsync(Kind, id, caller.Workspace, request, key =>
        {
            var document = KeyDocument.Read(key.Body);
            CheckScopes(caller, document.Fields);
            var (fields, _) = request.Merge(document.Fields);
            ApiRequest.Check(Validator, fields);
            CheckScopes(caller, fields);
            if (fields.Kind != document.Fields.Kind)
                throw new ApiRefusal(Problem.Invalid("kind", "cannot be changed: make another key."));
            return key with { Body = (document with { Fields = fields }).ToBytes() };
        });
        directory.Invalidate(id);
        return ResourceWriter.Answer(http, Describe(written.Resource), replayed: written.Replayed);
    }

    private async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        var request = await ApiRequest.ReadAsync(http);
        var caller = ApiCaller.Of(http);
        if (await writer.FindAsync(Kind, id, caller.Workspace, http.RequestAborted) is { } key)
            CheckScopes(caller, KeyDocument.Read(key.Body).Fields);
        await writer.DeleteAsync(Kind, id, caller.Workspace, request);
        directory.Invalidate(id);
        return Results.NoContent();
    }

    private async Task<IResult> RotateAsync(HttpContext http, string id)
    {
        var request = await ApiRequest.ReadAsync(http);
        var caller = ApiCaller.Of(http);
        var secret = "";
        var written = await writer.UpdateAsync(Kind, id, caller.Workspace, request, key =>
        {
            var document = KeyDocument.Read(key.Body);
            CheckScopes(caller, document.Fields);
            secret = NewSecret(document.Fields);
            return key with { Lookup = hasher.Mac(secret), Body = (document with { Hint = KeyDocument.HintOf(secret) }).ToBytes() };
        });
        directory.Invalidate(id);
        return WithSecret(http, written, secret, 200);
    }

    private async Task<IResult> UsageAsync(HttpContext http, string id)
    {
        if (await writer.FindAsync(Kind, id, ApiCaller.Of(http).Workspace, http.RequestAborted) is not { } key)
            return Problem.NotFound();

        var snapshot = KeyDocument.ToSnapshot(key);
        var today = snapshot.Limits with { Budget = new Budget(Credits.MaxPerBucket, BudgetPeriod.Day) };
        var day = await ledger.BudgetAsync(snapshot.Account, today, http.RequestAborted);
        var budget = await ledger.BudgetAsync(snapshot.Account, snapshot.Limits, http.RequestAborted);
        return Results.Json(
            new UsageAnswer(
                id,
                new DayAnswer(day?.Spent.ToDecimal() ?? 0, day?.ResetsAt),
                budget is null
                    ? null
                    : new BudgetAnswer(budget.Budget.Amount.ToDecimal(), budget.Budget.Period, budget.Spent.ToDecimal(), budget.Held.ToDecimal(), budget.ResetsAt)),
            ApiJson.Options);
    }

    // A key may not give, or take over, what it does not have itself.
    private static void CheckScopes(ApiCaller caller, KeyFields fields)
    {
        if ((fields.Scopes ?? []).FirstOrDefault(scope => !caller.Has(scope)) is { } scope)
            throw new ApiRefusal(Problem.Forbidden($"It does not have the scope {scope} itself."));
    }

    private static string NewSecret(KeyFields fields) =>
        fields.Kind == KeyKind.Management ? ApiKeyFormat.NewManagementKey() : ApiKeyFormat.NewInferenceKey();

    private static IResult WithSecret(HttpContext http, WriteResult.Written written, string secret, int status)
    {
        var description = Describe(written.Resource);
        if (!written.Replayed)
            description["key"] = secret;
        return ResourceWriter.Answer(http, description, status, written.Replayed);
    }

    private static JsonObject Describe(Resource key)
    {
        var document = KeyDocument.Read(key.Body);
        var description = ResourceWriter.Describe(document.Fields with { Enabled = document.Fields.Enabled ?? true }, key);
        description["hint"] = document.Hint;
        description["workspace"] = key.Workspace;
        return description;
    }

    private sealed record DayAnswer(decimal Spent, DateTimeOffset? ResetsAt);

    private sealed record BudgetAnswer(decimal Amount, BudgetPeriod Period, decimal Spent, decimal Held, DateTimeOffset? ResetsAt);

    private sealed record UsageAnswer(string KeyId, DayAnswer Day, BudgetAnswer? Budget);
}
