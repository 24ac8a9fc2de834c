using Gateway.Host.Catalogue;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Api.Presets;

/// <summary><c>/api/presets</c>: what is known of providers and of their list prices. Looking is free; importing is the operator's.</summary>
internal sealed class PresetEndpoints(PriceImport import)
{
    private static readonly PriceChoiceValidator Diffing = new(importing: false);
    private static readonly PriceChoiceValidator Importing = new(importing: true);

    public static void Map(RouteGroupBuilder api)
    {
        var any = new ScopeMetadata(ScopeMetadata.Any);
        var only = new ScopeMetadata(ScopeMetadata.Operator);
        api.MapGet("/presets/providers", static () => Results.Json(new ListAnswer<ProviderPreset>(ProviderPresets.All, NextCursor: null), ApiJson.Options)).WithMetadata(any);
        api.MapGet("/presets/prices", static () => Results.Bytes(PricePresets.Bytes, "application/json")).WithMetadata(any);
        api.MapPost("/presets/prices/diff", static (HttpContext http, PresetEndpoints presets) => presets.DiffAsync(http)).WithMetadata(only);
        api.MapPost("/presets/prices/import", static (HttpContext http, PresetEndpoints presets) => presets.ImportAsync(http)).WithMetadata(only);
    }

    private async Task<IResult> DiffAsync(HttpContext http)
    {
        var choice = (await ApiRequest.ReadAsync(http)).Read<PriceChoice>();
        ApiRequest.Check(Diffing, choice);
        return Results.Json(new ListAnswer<PriceDifference>(import.Compare(choice), NextCursor: null), ApiJson.Options);
    }

    private async Task<IResult> ImportAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var choice = request.Read<PriceChoice>();
        ApiRequest.Check(Importing, choice);
        return Results.Json(new ListAnswer<PriceImportResult>(await import.ImportAsync(choice, request), NextCursor: null), ApiJson.Options);
    }
}
