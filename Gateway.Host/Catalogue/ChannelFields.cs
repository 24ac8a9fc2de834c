using System.Text.Json;
using FluentValidation;
using Gateway.Host.Api;
using Gateway.Host.Secrets;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Catalogue;

/// <summary>A model of a channel as REST shows it.</summary>
internal sealed record ChannelModelFields(string? Model, string? UpstreamModel);

/// <summary>The fields of a channel that a client sends or configuration declares; ranges are in <see cref="ChannelFieldsValidator"/>.</summary>
internal sealed record ChannelFields
{
    public string? Name { get; init; }
    public string? Provider { get; init; }

    /// <summary>The name of a <see cref="ProviderPreset"/>: a reseller of one provider's models may speak another's API. Default: the provider's own, and OpenAI's API for those without.</summary>
    public string? Preset { get; init; }

    public string? BaseUrl { get; init; }
    public IReadOnlyList<string>? BaseUrls { get; init; }
    public string? ApiKey { get; init; }
    public RouteType? RouteType { get; init; }
    public IReadOnlyList<ChannelModelFields>? Models { get; init; }
    public int? Priority { get; init; }
    public int? Weight { get; init; }
    public bool? Enabled { get; init; }
    public int? ConnectTimeoutMs { get; init; }
    public int? FirstByteTimeoutMs { get; init; }
    public int? IdleTimeoutMs { get; init; }
    public int? MaxConcurrency { get; init; }
    public double? BreakFailureRatio { get; init; }
    public int? BreakMinimumCalls { get; init; }
    public int? BreakWindowMs { get; init; }
    public int? BreakMs { get; init; }
    public string? ProbePath { get; init; }
    public int? ProbeIntervalMs { get; init; }
    public int? HedgeAfterMs { get; init; }
    public bool? AllowPrivateAddress { get; init; }
    public OnDisconnect? OnDisconnect { get; init; }
    public string? Workspace { get; init; }

    /// <summary>The base URLs, the single one first; without any, the public one of the preset, where it has one.</summary>
    public IReadOnlyList<string> AllBaseUrls()
    {
        string[] all = [.. (BaseUrl is null ? [] : new[] { BaseUrl }).Concat(BaseUrls ?? []).Distinct(StringComparer.Ordinal)];
        return all.Length == 0 && PublicBaseUrl() is { } known ? [known] : all;
    }

    /// <summary>The address that the preset knows; <c>null</c>: every installation has its own.</summary>
    public string? PublicBaseUrl() =>
        (Preset ?? Provider) is { } name && ProviderPresets.Find(name)?.BaseUrl is { } url && !url.Contains('{', StringComparison.Ordinal) && UpstreamUrl.Mistake(url, allowPrivateAddress: false) is null ? url : null;

    /// <summary>The channel; call only with valid fields.</summary>
    public Channel ToChannel(string id, Source source)
    {
        var defaults = new Channel { Id = id, Name = Name!, Provider = Provider!, BaseUrls = AllBaseUrls(), RouteType = RouteType!.Value, Models = [] };
        return defaults with
        {
            ApiKey = ApiKey,
            Preset = ProviderPresets.Find(Preset ?? Provider!) ?? ProviderPresets.Compatible,
            Models = [.. Models!.Select(static model => new ChannelModel(model.Model!, model.UpstreamModel))],
            Priority = Priority ?? defaults.Priority,
            Weight = Weight ?? defaults.Weight,
            Enabled = Enabled ?? true,
            ConnectTimeout = Milliseconds(ConnectTimeoutMs) ?? defaults.ConnectTimeout,
            FirstByteTimeout = Milliseconds(FirstByteTimeoutMs) ?? defaults.FirstByteTimeout,
            IdleTimeout = Milliseconds(IdleTimeoutMs) ?? defaults.IdleTimeout,
            MaxConcurrency = MaxConcurrency ?? defaults.MaxConcurrency,
            Breaker = ToBreaker(defaults.Breaker),
            ProbePath = ProbePath,
            ProbeInterval = Milliseconds(ProbeIntervalMs) ?? defaults.ProbeInterval,
            HedgeAfter = Milliseconds(HedgeAfterMs),
            AllowPrivateAddress = AllowPrivateAddress ?? false,
            OnDisconnect = OnDisconnect ?? Catalogue.OnDisconnect.Cancel,
            Workspace = Workspace,
            Source = source,
            Declared = this with { ApiKey = null },
        };
    }

    private ChannelBreaker ToBreaker(ChannelBreaker defaults) => new()
    {
        FailureRatio = BreakFailureRatio ?? defaults.FailureRatio,
        MinimumCalls = BreakMinimumCalls ?? defaults.MinimumCalls,
        Window = Milliseconds(BreakWindowMs) ?? defaults.Window,
        Break = Milliseconds(BreakMs) ?? defaults.Break,
    };

    private static TimeSpan? Milliseconds(int? value) => value is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
}

/// <summary>The document of a channel in the resource store (kind <c>channel</c>): the credential is sealed and nowhere else.</summary>
/// <param name="Fields">What the client set, without <see cref="ChannelFields.ApiKey"/>.</param>
/// <param name="SealedApiKey">The credential, bound to the channel's id.</param>
internal sealed record ChannelDocument(ChannelFields Fields, string? SealedApiKey)
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "channel";

    /// <summary>Reads a stored document.</summary>
    public static ChannelDocument Read(byte[] body) =>
        JsonSerializer.Deserialize<ChannelDocument>(body, ApiJson.Options) ?? throw new JsonException("The document of a channel is null.");

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);

    /// <summary>The channel with its credential opened.</summary>
    public static Channel ToChannel(Resource resource, SecretBox secrets)
    {
        var document = Read(resource.Body);
        var apiKey = document.SealedApiKey is { } sealedKey ? secrets.Open(sealedKey, resource.Id) : null;
        return (document.Fields with { ApiKey = apiKey }).ToChannel(resource.Id, Source.Rest);
    }
}

/// <summary>The limits of a channel's fields, over REST and in configuration.</summary>
internal sealed class ChannelFieldsValidator : AbstractValidator<ChannelFields>
{
    private const int MostUrls = 32;
    private const int MostModels = 1_000;
    private const int MostMilliseconds = 3_600_000;
    private const int MostBreakMilliseconds = 600_000;
    private const int LeastBreakMilliseconds = 500;
    private const int MostPathCharacters = 256;

    public ChannelFieldsValidator()
    {
        RuleFor(f => f.Name).Cascade(CascadeMode.Stop).NotEmpty().MaximumLength(100).Must(NameShapes.Printable).WithMessage("must be printable.");
        RuleFor(f => f.Provider).Cascade(CascadeMode.Stop).NotEmpty().Must(NameShapes.ProviderName).WithMessage(NameShapes.ProviderMessage);
        RuleFor(f => f.Preset).Must(static name => ProviderPresets.Find(name!) is not null).WithMessage("is not the name of a preset: see GET /api/presets/providers.").When(f => f.Preset is not null);
        RuleFor(f => f.RouteType).NotNull();
        RuleFor(f => f.BaseUrl).NotNull().When(f => f.BaseUrls is not { Count: > 0 } && f.PublicBaseUrl() is null);
        RuleFor(f => f.BaseUrl).Custom((url, context) => Check(url, context)).When(f => f.BaseUrl is not null);
        RuleFor(f => f.BaseUrls).Must(static urls => urls!.Count <= MostUrls).WithMessage($"may hold at most {MostUrls}.").When(f => f.BaseUrls is not null);
        RuleForEach(f => f.BaseUrls).Custom((url, context) => Check(url, context));
        RuleFor(f => f.ApiKey).Cascade(CascadeMode.Stop).NotEmpty().MaximumLength(4096)
            .Must(static key => UpstreamUrl.IsHeaderSafe(key!)).WithMessage("must be printable ASCII without spaces.").When(f => f.ApiKey is not null);
        RuleFor(f => f.Models).Cascade(CascadeMode.Stop).NotEmpty()
            .Must(static models => models!.Count <= MostModels).WithMessage($"may hold at most {MostModels}.")
            .Must(static models => models!.DistinctBy(static model => model?.Model, StringComparer.Ordinal).Count() == models!.Count).WithMessage("names a model twice.");
        RuleForEach(f => f.Models).NotNull().ChildRules(model =>
        {
            model.RuleFor(m => m.Model).Cascade(CascadeMode.Stop).NotEmpty().Must(NameShapes.ModelName).WithMessage(NameShapes.ModelMessage);
            model.RuleFor(m => m.UpstreamModel).Must(NameShapes.ModelName).WithMessage(NameShapes.ModelMessage).When(m => m.UpstreamModel is not null);
        });
        RuleFor(f => f.Priority).InclusiveBetween(0, 1_000);
        RuleFor(f => f.Weight).InclusiveBetween(1, 1_000);
        RuleFor(f => f.ConnectTimeoutMs).InclusiveBetween(1, MostMilliseconds);
        RuleFor(f => f.FirstByteTimeoutMs).InclusiveBetween(1, MostMilliseconds);
        RuleFor(f => f.IdleTimeoutMs).InclusiveBetween(1, MostMilliseconds);
        RuleFor(f => f.MaxConcurrency).InclusiveBetween(1, 1_000_000);
        RuleFor(f => f.BreakFailureRatio).InclusiveBetween(0.05, 1);
        RuleFor(f => f.BreakMinimumCalls).InclusiveBetween(2, 1_000);
        RuleFor(f => f.BreakWindowMs).InclusiveBetween(LeastBreakMilliseconds, MostBreakMilliseconds);
        RuleFor(f => f.BreakMs).InclusiveBetween(LeastBreakMilliseconds, MostBreakMilliseconds);
        RuleFor(f => f.ProbePath).Must(static path => IsPath(path!))
            .WithMessage($"must begin with / and have 2 to {MostPathCharacters} printable ASCII characters, without a query.").When(f => f.ProbePath is not null);
        RuleFor(f => f.ProbeIntervalMs).InclusiveBetween(500, MostMilliseconds);
        RuleFor(f => f.HedgeAfterMs).InclusiveBetween(10, 600_000);
        RuleFor(f => f.Workspace).Must(NameShapes.WorkspaceId).WithMessage(NameShapes.WorkspaceMessage).When(f => f.Workspace is not null);
    }

    private static bool IsPath(string path) =>
        path.Length is > 1 and <= MostPathCharacters && path[0] == '/'
        && !path.AsSpan().ContainsAnyExceptInRange('!', '~') && path.AsSpan().IndexOfAny(@"?#\") < 0;

    private static void Check(string? url, ValidationContext<ChannelFields> context)
    {
        if (UpstreamUrl.Mistake(url, context.InstanceToValidate.AllowPrivateAddress ?? false) is { } mistake)
            context.AddFailure(mistake);
    }
}
