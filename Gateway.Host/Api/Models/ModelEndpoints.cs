using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Models;

/// <summary><c>/api/models</c>, the operator's. A price is never changed, only followed by another version.</summary>
internal sealed class ModelEndpoints(ResourceWriter writer, ModelWriter models, CatalogueSource catalogue)
{
    private const string Kind = ModelDocument.ResourceKind;

    public static void Map(RouteGroupBuilder api)
    {
        var only = new ScopeMetadata(ScopeMetadata.Operator);
        api.MapPost("/models", static (HttpContext http, ModelEndpoints models) => models.CreateAsync(http)).WithMetadata(only);
        api.MapGet("/models", static (HttpContext http, ModelEndpoints models) => models.ListAsync(http)).WithMetadata(only);
        api.MapGet("/models/{id}", static (HttpContext http, string id, ModelEndpoints models) => models.GetAsync(http, id)).WithMetadata(only);
        api.MapPatch("/models/{id}", static (HttpContext http, string id, ModelEndpoints models) => models.PatchAsync(http, id)).WithMetadata(only);
        api.MapDelete("/models/{id}", static (HttpContext http, string id, ModelEndpoints models) => models.DeleteAsync(http, id)).WithMetadata(only);
        api.MapPost("/models/{id}/prices", static (HttpContext http, string id, ModelEndpoints models) => models.AddPriceAsync(http, id)).WithMetadata(only);
    }

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var written = await models.CreateAsync(request.Read<ModelFields>(), request.By);
        return ResourceWriter.Answer(http, Describe(written.Resource), 201, written.Replayed);
    }

    private Task<IResult> ListAsync(HttpContext http) => Listing.AnswerAsync(
        http, writer, Kind, [.. catalogue.Current.Models.Where(static model => model.Source == Source.Configuration).Select(DescribeConfigured)], Describe);

    private async Task<IResult> GetAsync(HttpContext http, string id)
    {
        if (Configured(id) is { } configured)
            return ResourceWriter.Answer(http, DescribeConfigured(configured));
        return await writer.FindAsync(Kind, id, workspace: null, http.RequestAborted) is { } model
            ? ResourceWriter.Answer(http, Describe(model))
            : Problem.NotFound();
    }

    private async Task<IResult> PatchAsync(HttpContext http, string id)
    {
        if (Configured(id) is not null)
            return Problem.ReadOnly();
        var request = await ApiRequest.ReadAsync(http);
        var written = await models.UpdateAsync(id, request, fields =>
        {
            var (merged, named) = request.Merge(fields);
            if (named.Contains("prices"))
                throw new ApiRefusal(Problem.Invalid("prices", "cannot be patched: POST a new version to /api/models/{id}/prices."));
            if (!string.Equals(merged.Workspace, fields.Workspace, StringComparison.Ordinal))
                throw new ApiRefusal(Problem.Invalid("workspace", "cannot be changed: make another model."));
            return merged;
        });
        return ResourceWriter.Answer(http, Describe(written.Resource), 200, written.Replayed);
    }

    private async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        if (Configured(id) is not null)
            return Problem.ReadOnly();
        await writer.DeleteAsync(Kind, id, workspace: null, await ApiRequest.ReadAsync(http));
        await catalogue.ReloadAsync(CancellationToken.None);
        return Results.NoContent();
    }

    private async Task<IResult> AddPriceAsync(HttpContext http, string id)
    {
        if (Configured(id) is not null)
            return Problem.ReadOnly();
        var request = await ApiRequest.ReadAsync(http);
        var written = await models.AddPriceAsync(id, request.Read<PriceFields>(), request);
        return ResourceWriter.Answer(http, Describe(written.Resource), 201, written.Replayed);
    }

    private Model? Configured(string id) =>
        catalogue.Current.Models.FirstOrDefault(model => model.Source == Source.Configuration && string.Equals(model.ResourceId, id, StringComparison.Ordinal));

    private static JsonObject Describe(Resource model) => ResourceWriter.Describe(ModelDocument.Read(model.Body).Fields, model);

    private static JsonObject DescribeConfigured(Model model) =>
        ResourceWriter.Describe(model.Declared, Listing.Configured(Kind, model.ResourceId), "configuration");
}
