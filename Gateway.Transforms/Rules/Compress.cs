using System.ComponentModel;
using FluentValidation;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;

namespace Gateway.Transforms.Rules;

/// <summary>Slims system prompts and tool output. Texts of users and of the model, calls, tools' definitions and reasoning are never touched.</summary>
/// <remarks>
/// <code>{ "type": "compress", "name": "slim tools", "tag": "agents", "config": { "strength": "medium", "profile": 1, "tags": ["batch"] } }</code>
/// The strength that a request gets, the first that speaks: the workspace's kill switch (off); the strengths of the request's tags, the mildest of them
/// (an operator's word for a tag is not overruled by statistics); <see cref="IStrengthAdvisor"/>, which may make what follows milder, never stronger; the
/// rule's <c>strength</c>; the workspace's default, where it is not off; medium. Each text is compressed on its own (<see cref="BlockCompressor"/>), so that what was sent once is sent the same way again, and only the
/// bytes of JSON strings that got shorter in tokens change. Of several rules that match, the first that is not off acts.
/// </remarks>
public sealed class Compress(string id, CompressConfig config, IStrengthAdvisor advisor) : IProxyRule
{
    /// <summary>The only profile: the steps of <see cref="BlockCompressor.CompressorVersion"/> 1.</summary>
    public const int Profile = 1;

    /// <summary>The most tags.</summary>
    public const int MaxTags = 32;

    /// <summary>The longest tag.</summary>
    public const int MaxTagLength = 64;

    /// <summary>The type.</summary>
    public static readonly RuleType<CompressConfig> Type = new(
        "compress",
        RulePhase.Body,
        "Slims system prompts and tool output.",
        new CompressValidator(),
        static (id, config, services) => new Compress(id, config, services.Strengths)) { TagsOf = static config => config.Tags };

    private const Strength DefaultStrength = Strength.Medium;

    /// <inheritdoc/>
    public bool AppliesTo(CallKind kind) => kind == CallKind.Chat || kind == CallKind.Responses;

    /// <inheritdoc/>
    public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken) =>
        ValueTask.FromResult<RuleOutcome>(new RuleOutcome.Proceed(Run(exchange)));

    private CompressEffect Run(Exchange exchange)
    {
        if (exchange.Kept<CompressEffect>() is not null)
            return CompressEffect.Skip(Strength.Off, Arm.None, "already compressed");
        if (!exchange.Settings.CompressionEnabled)
            return CompressEffect.Skip(Strength.Off, Arm.None, "compression is off in the workspace");

        var ofTags = MildestOfTags(exchange);
        var wanted = ofTags ?? config.Strength ?? (exchange.Settings.DefaultStrength == Strength.Off ? DefaultStrength : exchange.Settings.DefaultStrength);
        if (wanted == Strength.Off)
            return CompressEffect.Skip(Strength.Off, Arm.None, "strength is off");

        var tag = MatchedTag(exchange);
        var effect = Act(exchange, wanted, tag, ofTags is null ? advisor : FullStrength.Instance) with { Wanted = wanted, Tag = tag.Length == 0 ? null : tag };
        exchange.Keep(effect);
        return effect;
    }

    private static Strength? MildestOfTags(Exchange exchange)
    {
        Strength? mildest = null;
        foreach (var tag in exchange.Tags)
        {
            if (exchange.Settings.TagStrengths.TryGetValue(tag, out var strength) && !(strength >= mildest))
                mildest = strength;
        }

        return mildest;
    }

    private CompressEffect Act(Exchange exchange, Strength wanted, string tag, IStrengthAdvisor judge)
    {
        var body = exchange.Body.Span;
        var texts = EditableTexts.Read(body);
        if (!texts.Exists(RequestCompressor.IsEligible))
            return CompressEffect.Skip(wanted, Arm.None, "nothing long enough");

        var subject = new CompressSubject(exchange.Workspace, id, tag, ConversationUnits.Of(exchange.Conversation, body, texts), wanted)
        {
            IsDryRun = exchange.IsDryRun,
        };
        var advice = judge.Advise(subject);
        if (exchange.Settings.ShadowRate > 0 && !exchange.IsDryRun && ReferenceEquals(judge, advisor))
            exchange.Keep(new CompressDecision(subject, advice, body.ToArray()));
        var strength = advice.Strength < wanted ? advice.Strength : wanted;
        if (strength == Strength.Off)
            return CompressEffect.Skip(strength, advice.Arm, advice.Arm is Arm.Control ? "held out" : "paused");

        var splice = new BodySplice();
        var encoding = exchange.Resolved?.Encoding ?? Tokens.ModelEncoding.For(exchange.Model).Encoding;
        var compressor = new RequestCompressor(encoding, exchange.Resolved?.UpstreamModel ?? exchange.Model);
        var tools = exchange.Index.ToolsValue.Of(body);
        var done = compressor.Run(body, texts, tools, strength, splice);
        return exchange.Rewrite(splice) ? CompressEffect.Of(strength, advice.Arm, done) : CompressEffect.Skip(strength, advice.Arm, "internal error");
    }

    private string MatchedTag(Exchange exchange)
    {
        foreach (var tag in config.Tags ?? [])
        {
            if (exchange.Tags.Contains(tag, StringComparer.Ordinal))
                return tag;
        }

        return "";
    }
}

/// <summary>The configuration of <see cref="Compress"/>.</summary>
public sealed record CompressConfig
{
    /// <summary>Default: the workspace's, and medium where that is off.</summary>
    [Description("How far texts are compressed: off, light (lossless), medium (every value is kept) or aggressive (lossy); by default the workspace's, or medium.")]
    public Strength? Strength { get; init; }

    /// <summary>1.</summary>
    [Description("The set of steps: 1, the only one there is.")]
    public int? Profile { get; init; }

    /// <summary>At most 32, of 1 to 64 characters each.</summary>
    [Description("Tags beside the rule's own: any of them matches.")]
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>What the receipt says. Tokens are those of the changed blocks only, counted exactly.</summary>
/// <param name="Version">Of the compressor.</param>
/// <param name="Strength">The strongest that was allowed; a block may have taken a milder one.</param>
/// <param name="Arm">Whether the conversation is part of an experiment, and on which side.</param>
/// <param name="TokensBefore">Unit: tokens.</param>
/// <param name="TokensAfter">Unit: tokens.</param>
/// <param name="TokensSaved">The difference. Never negative.</param>
/// <param name="Blocks">How many texts were changed.</param>
/// <param name="Hashes">Of the first 32 of them; <c>null</c>: none.</param>
/// <param name="Skipped">Why nothing was done, or not everything; <c>null</c>: all was looked at.</param>
public sealed record CompressEffect(
    int Version,
    Strength Strength,
    Arm Arm,
    long TokensBefore,
    long TokensAfter,
    long TokensSaved,
    int Blocks,
    IReadOnlyList<BlockHashes>? Hashes,
    string? Skipped)
{
    /// <summary>What the rule asked for, before the advisor: what a conversation that was held out is the control of; <c>null</c>: the rule did not get that far.</summary>
    public Strength? Wanted { get; init; }

    /// <summary>The tag of the rule's configuration that matched; <c>null</c>: it matches without one.</summary>
    public string? Tag { get; init; }

    internal static CompressEffect Skip(Strength strength, Arm arm, string reason) =>
        new(BlockCompressor.CompressorVersion, strength, arm, 0, 0, 0, 0, Hashes: null, reason);

    internal static CompressEffect Of(Strength strength, Arm arm, CompressedRequest done)
    {
        var skipped = done.KeptPrefix ? "system prompt: its prefix would fall below what the provider caches" : done.LeftOut ? "text beyond 8 MB" : null;
        var hashes = done.Hashes.Count == 0 ? null : done.Hashes;
        return new(
            BlockCompressor.CompressorVersion, strength, arm, done.TokensBefore, done.TokensAfter, done.TokensBefore - done.TokensAfter, done.Blocks, hashes, skipped);
    }
}

/// <summary>The limits of <see cref="CompressConfig"/>.</summary>
public sealed class CompressValidator : AbstractValidator<CompressConfig>
{
    /// <summary>See the fields.</summary>
    public CompressValidator()
    {
        RuleFor(static config => config.Strength).IsInEnum().WithMessage("must be off, light, medium or aggressive.");
        RuleFor(static config => config.Profile).Equal(Compress.Profile).WithMessage("must be 1.").When(static config => config.Profile is not null);
        RuleFor(static config => config.Tags!.Count).LessThanOrEqualTo(Compress.MaxTags).OverridePropertyName("tags")
            .WithMessage("must have at most 32 tags.").When(static config => config.Tags is not null);
        RuleForEach(static config => config.Tags).NotNull().Must(static tag => tag is { Length: > 0 and <= Compress.MaxTagLength })
            .WithMessage("must be 1 to 64 characters.");
    }
}
