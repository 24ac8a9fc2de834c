using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Models;

/// <summary>Makes models and adds versions of prices, whoever asks: a client, or an import of presets.</summary>
internal sealed class ModelWriter(ResourceWriter writer, CatalogueSource catalogue, TimeProvider time)
{
    private const string Kind = ModelDocument.ResourceKind;
    private static readonly ModelFieldsValidator Validator = new();

    /// <summary>Makes a model; prices without a moment begin now.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task<WriteResult.Written> CreateAsync(ModelFields fields, Authorship by)
    {
        ApiRequest.Check(Validator, fields);
        RefuseVersions(fields.Prices);
        var now = time.GetUtcNow();
        fields = fields with { Prices = PriceFields.Numbered([.. fields.Prices!.Select(price => price with { EffectiveAt = price.EffectiveAt ?? now })]) };
        var id = $"mdl_{Guid.CreateVersion7(now):N}";
        var workspace = fields.Workspace ?? KeySnapshot.AllWorkspaces;
        var written = await writer.CreateAsync(Kind, id, workspace, ModelDocument.LookupOf(fields), new ModelDocument(fields).ToBytes(), by);
        await catalogue.ReloadAsync(CancellationToken.None);
        return written;
    }

    /// <summary>Adds a version of a price; without a moment it begins now.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task<WriteResult.Written> AddPriceAsync(string id, PriceFields price, ApiRequest request)
    {
        RefuseVersions([price]);
        var now = time.GetUtcNow();
        if (price.EffectiveAt < now)
            throw new ApiRefusal(Problem.Invalid("effectiveAt", "must not be in the past: calls have been charged since."));
        return await UpdateAsync(id, request, fields =>
        {
            ApiRequest.Check(new PriceFieldsValidator(fields.Kind!.Value), price);
            return fields with { Prices = PriceFields.Numbered([.. fields.Prices ?? [], price with { EffectiveAt = price.EffectiveAt ?? now }]) };
        });
    }

    /// <summary>Changes a model.</summary>
    /// <exception cref="ApiRefusal">It is refused.</exception>
    public async Task<WriteResult.Written> UpdateAsync(string id, ApiRequest request, Func<ModelFields, ModelFields> change)
    {
        var written = await writer.UpdateAsync(Kind, id, workspace: null, request, model =>
        {
            var fields = change(ModelDocument.Read(model.Body).Fields);
            ApiRequest.Check(Validator, fields);
            return model with { Lookup = ModelDocument.LookupOf(fields), Body = new ModelDocument(fields).ToBytes() };
        });
        await catalogue.ReloadAsync(CancellationToken.None);
        return written;
    }

    private static void RefuseVersions(IReadOnlyList<PriceFields>? prices)
    {
        if ((prices ?? []).Any(static price => price.Version is not null))
            throw new ApiRefusal(Problem.Invalid("version", "is the gateway's to set."));
    }
}
