using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Host.Api.Models;
using Gateway.Host.Catalogue;
using Gateway.Ledger;

namespace Gateway.Host.Api.Presets;

/// <summary>How a preset compares with the model of its name.</summary>
internal enum PriceComparison
{
    /// <summary>There is no such model, or it has no price on this route.</summary>
    Absent,

    /// <summary>The price in force is this one.</summary>
    Same,

    /// <summary>Another price is in force.</summary>
    Different,
}

/// <summary>What an import did with a model.</summary>
internal enum PriceImported
{
    /// <summary>The price was in force already.</summary>
    Unchanged,

    /// <summary>The model was made.</summary>
    Created,

    /// <summary>A version of its price was added.</summary>
    Priced,
}

/// <summary>A preset beside what is in force. Unit of both prices: credits.</summary>
internal sealed record PriceDifference(string Model, PriceComparison Status, PriceFields? Current, PriceFields Preset, string Source, DateOnly AsOf);

/// <summary>What an import did.</summary>
internal sealed record PriceImportResult(string Model, PriceImported Result, string Id);

/// <summary>Compares presets with the models that all workspaces share, and writes those that are asked for.</summary>
internal sealed class PriceImport(ModelWriter models, CatalogueSource catalogue, TimeProvider time)
{
    /// <summary>Compares every preset that is meant.</summary>
    /// <exception cref="ApiRefusal">The choice cannot be followed.</exception>
    public IReadOnlyList<PriceDifference> Compare(PriceChoice choice) => [.. choice.Presets().Select(preset => Compare(preset, choice))];

    /// <summary>Writes every preset that is meant and not in force. All are checked before the first is written; each write is a record of its own.</summary>
    /// <exception cref="ApiRefusal">The choice cannot be followed.</exception>
    public async Task<IReadOnlyList<PriceImportResult>> ImportAsync(PriceChoice choice, ApiRequest request)
    {
        var presets = choice.Presets();
        var differences = presets.Select(preset => Compare(preset, choice)).ToList();
        foreach (var preset in presets)
            Check(preset, choice);

        // What is in force is left alone, so a repeated import writes nothing: it needs no idempotency key, and one key cannot stand for many writes.
        request = request with { By = request.By with { IdempotencyKey = null, Fingerprint = null }, IfMatch = null };
        var results = new List<PriceImportResult>();
        foreach (var (preset, difference) in presets.Zip(differences))
            results.Add(await WriteAsync(preset, difference, request));
        return results;
    }

    private async Task<PriceImportResult> WriteAsync(PricePreset preset, PriceDifference difference, ApiRequest request)
    {
        if (Shared(preset) is not { } model)
        {
            var created = await models.CreateAsync(FieldsOf(preset, difference.Preset), request.By);
            return new PriceImportResult(preset.Id(), PriceImported.Created, created.Resource.Id);
        }

        if (difference.Status is PriceComparison.Same)
            return new PriceImportResult(preset.Id(), PriceImported.Unchanged, model.ResourceId);
        await models.AddPriceAsync(model.ResourceId, difference.Preset, request);
        return new PriceImportResult(preset.Id(), PriceImported.Priced, model.ResourceId);
    }

    private void Check(PricePreset preset, PriceChoice choice)
    {
        var fields = FieldsOf(preset, choice.PriceOf(preset));
        ApiRequest.Check(new ModelFieldsValidator(), fields);
        if (Shared(preset) is not { } model)
            return;
        if (model.Source == Source.Configuration)
            throw new ApiRefusal(Problem.Conflict($"{preset.Id()} is declared in configuration: change it there."));
        if (model.Kind != preset.Kind)
            throw new ApiRefusal(Problem.Conflict($"{preset.Id()} is a model of another kind."));
    }

    private static ModelFields FieldsOf(PricePreset preset, PriceFields price) => new()
    {
        Provider = preset.Provider,
        Model = preset.Model,
        Kind = preset.Kind,
        ContextWindow = preset.ContextWindow,
        MaxOutputTokens = preset.MaxOutputTokens,
        Prices = [price],
    };

    private PriceDifference Compare(PricePreset preset, PriceChoice choice)
    {
        var price = choice.PriceOf(preset);
        var current = InForce(preset, choice.RouteType!.Value); // not null: the choice is valid
        var status = current is null ? PriceComparison.Absent : IsSame(current, price) ? PriceComparison.Same : PriceComparison.Different;
        return new PriceDifference(preset.Id(), status, current, price, preset.Source, preset.AsOf);
    }

    private Model? Shared(PricePreset preset) =>
        catalogue.Current.Models.FirstOrDefault(model => model.Workspace is null && string.Equals(model.Id, preset.Id(), StringComparison.Ordinal));

    private PriceFields? InForce(PricePreset preset, RouteType routeType)
    {
        var version = Shared(preset)?.PriceAt(routeType, time.GetUtcNow())?.Version;
        return version is null
            ? null
            : PriceFields.Numbered(Shared(preset)!.Declared!.Prices ?? []).First(price => price.RouteType == routeType && price.Version == version); // not null: it has a price
    }

    private static bool IsSame(PriceFields current, PriceFields preset) => JsonNode.DeepEquals(Plain(current), Plain(preset));

    private static JsonNode Plain(PriceFields price) => JsonSerializer.SerializeToNode(
        price with { Version = null, EffectiveAt = null, Currency = price.Currency ?? "CREDIT", Tiers = price.Tiers is { Count: > 0 } tiers ? [.. tiers.OrderBy(static tier => tier.AboveInputTokens)] : null },
        ApiJson.Options)!; // not null: the price is not
}
