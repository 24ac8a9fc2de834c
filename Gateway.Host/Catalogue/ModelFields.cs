using System.Text.Json;
using FluentValidation;
using Gateway.Host.Api;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Catalogue;

/// <summary>The fields of a model that a client sends or configuration declares.</summary>
internal sealed record ModelFields
{
    public string? Provider { get; init; }
    public string? Model { get; init; }
    public ModelKind? Kind { get; init; }
    public int? ContextWindow { get; init; }
    public int? MaxOutputTokens { get; init; }
    public IReadOnlyList<PriceFields>? Prices { get; init; }
    public string? Workspace { get; init; }

    /// <summary>The model; call only with valid fields. Prices without a version are numbered in their order for each route type.</summary>
    public Model ToModel(string resourceId, Source source, DateTimeOffset createdAt) => new()
    {
        Id = $"{Provider}/{Model}",
        ResourceId = resourceId,
        Provider = Provider!,
        Name = Model!,
        Kind = Kind!.Value,
        ContextWindow = ContextWindow,
        MaxOutputTokens = MaxOutputTokens ?? 0,
        Prices = [.. PriceFields.Numbered(Prices ?? []).Select(static price => price.ToModelPrice())],
        Workspace = Workspace,
        Source = source,
        Declared = this,
        CreatedAt = createdAt,
    };
}

/// <summary>The document of a model in the resource store (kind <c>model</c>, look-up name: <c>workspace:provider/model</c>).</summary>
/// <param name="Fields">What the client set, with every version of every price.</param>
internal sealed record ModelDocument(ModelFields Fields)
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "model";

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);

    /// <summary>Reads a stored document.</summary>
    public static ModelDocument Read(byte[] body) =>
        JsonSerializer.Deserialize<ModelDocument>(body, ApiJson.Options) ?? throw new JsonException("The document of a model is null.");

    /// <summary>One model of a name for each tenant, and one for all.</summary>
    public static string LookupOf(ModelFields fields) => $"{fields.Workspace ?? "*"}:{fields.Provider}/{fields.Model}";

    /// <summary>The model.</summary>
    public static Model ToModel(Resource resource) => Read(resource.Body).Fields.ToModel(resource.Id, Source.Rest, resource.CreatedAt);
}

/// <summary>The limits of a model's fields, over REST and in configuration.</summary>
internal sealed class ModelFieldsValidator : AbstractValidator<ModelFields>
{
    /// <summary>Versions of prices that one model may have, all route types together.</summary>
    public const int MostPrices = 1_000;

    private const int MostTokens = 100_000_000;
    private const int MostOutputTokens = 1_000_000;

    public ModelFieldsValidator()
    {
        RuleFor(f => f.Provider).Cascade(CascadeMode.Stop).NotEmpty().Must(NameShapes.ProviderName).WithMessage(NameShapes.ProviderMessage);
        RuleFor(f => f.Model).Cascade(CascadeMode.Stop).NotEmpty().Must(NameShapes.ModelName).WithMessage(NameShapes.ModelMessage);
        RuleFor(f => f.Kind).NotNull();
        RuleFor(f => f.ContextWindow).InclusiveBetween(1, MostTokens);
        RuleFor(f => f.MaxOutputTokens).NotNull().When(static f => f.Kind is ModelKind.Chat or ModelKind.Completion);

        // Without a most there is nothing to hold for a call whose output has a price.
        RuleFor(f => f.MaxOutputTokens).NotNull().WithMessage("is required where a price has outputPricePer1M.")
            .When(static f => f.Kind is ModelKind.Image or ModelKind.Speech or ModelKind.Transcription && f.Prices?.Any(static price => price?.OutputPricePer1M is not null) == true);
        RuleFor(f => f.MaxOutputTokens).InclusiveBetween(1, MostOutputTokens);
        RuleFor(f => f.Prices).Cascade(CascadeMode.Stop).NotNull().Must(static prices => prices!.Count <= MostPrices).WithMessage($"may hold at most {MostPrices}.");
        RuleForEach(f => f.Prices).NotNull().SetValidator(model => new PriceFieldsValidator(model.Kind ?? ModelKind.Chat));
        RuleFor(f => f.Workspace).Must(NameShapes.WorkspaceId).WithMessage(NameShapes.WorkspaceMessage).When(f => f.Workspace is not null);
    }
}
