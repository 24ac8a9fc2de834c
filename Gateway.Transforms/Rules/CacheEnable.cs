using System.ComponentModel;
using FluentValidation;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;

namespace Gateway.Transforms.Rules;

/// <summary>Answers a request that was answered before.</summary>
/// <remarks>
/// <code>{ "type": "cache_enable", "name": "faq", "tag": "faq", "config": { "ttlSeconds": 3600, "mode": "semantic", "similarityThreshold": 0.95 } }</code>
/// Mode <c>exact</c> finds the very same request of the same workspace (<see cref="CacheKeyReader"/>). Mode <c>semantic</c> looks further, for a question that may have the
/// same answer while all else is equal: by embedding, where the gateway has a model for that (<c>hit-semantic</c>), and by words (<c>hit-near-duplicate</c>), which finds the
/// same question in another spelling and no paraphrase. The guards of <see cref="Judge"/> hold for both. A client's <c>Cache-Control: no-cache</c> gets a new answer,
/// which is stored; with <c>no-store</c> nothing is looked up or stored. Of equal requests at one time one goes upstream, and the others wait for its answer.
/// </remarks>
public sealed class CacheEnable : IProxyRule
{
    /// <summary>What counts as similar where a rule does not say.</summary>
    public const double DefaultThreshold = 0.95;

    /// <summary>The type.</summary>
    public static readonly RuleType<CacheEnableConfig> Type = new(
        "cache_enable", RulePhase.Answer, "Answers a request that was answered before.", new CacheEnableValidator(), static (id, config, services) => new CacheEnable(id, config, services.Caching));

    private readonly string _id;
    private readonly TimeSpan _timeToLive;
    private readonly double? _threshold;
    private readonly CachingServices _services;

    private CacheEnable(string id, CacheEnableConfig config, CachingServices services)
    {
        _id = id;
        _timeToLive = TimeSpan.FromSeconds(config.TtlSeconds!.Value); // not null: the validator saw it
        _threshold = config.Mode is CacheMode.Semantic ? config.SimilarityThreshold ?? DefaultThreshold : null;
        _services = services;
    }

    /// <inheritdoc/>
    public bool AppliesTo(CallKind kind) => kind == CallKind.Chat;

    /// <inheritdoc/>
    public async ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var wish = CacheWishReader.Read(exchange.CacheControl);
        if (wish is CacheWish.NoStore)
            return Bypass("no_store");
        if (ReadKeys(exchange) is not { } visit)
            return Bypass("no_key");

        Keep(exchange, visit);
        if (wish is CacheWish.NoCache)
            return new RuleOutcome.Proceed(new CacheEffect("bypass") { Key = visit.Exact.ToString(), Reason = "no_cache" });

        exchange.CacheStatus = "miss";
        return await FindExactAsync(visit.Key, cancellationToken)
            ?? await FlyAsync(exchange, visit, cancellationToken)
            ?? await FindSimilarAsync(exchange, visit, cancellationToken)
            ?? new RuleOutcome.Proceed(new CacheEffect("miss") { Key = visit.Exact.ToString(), Reason = visit.Reason });
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(Exchange exchange, ExchangeAnswer answer, CancellationToken cancellationToken)
    {
        if (exchange.Kept<CacheVisits>()?.Of(this) is not { } visit)
            return;

        using (visit)
        {
            // Another model answered in its place: a fallback's answer is not this model's.
            var isOwn = string.Equals(answer.UpstreamModel, exchange.Resolved?.UpstreamModel, StringComparison.Ordinal);
            if (!isOwn || Storable.Refused(answer) is not null || !await StoreAsync(visit, answer, cancellationToken))
                return;

            visit.Flight?.Land();
            if (visit.Question is not { } question)
                return;
            var stored = new StoredQuestion(
                visit.Exact, question, _services.Time.GetUtcNow() + _timeToLive, visit.Embedding?.Model ?? "", visit.Embedding?.Vector);
            await _services.Store.KeepQuestionAsync(visit.Partition, stored, cancellationToken);
        }
    }

    private static RuleOutcome.Proceed Bypass(string reason) => new(new CacheEffect("bypass") { Reason = reason });

    private CacheVisit? ReadKeys(Exchange exchange)
    {
        using var reader = new CacheKeyReader();
        var model = exchange.Resolved;
        var scope = new CacheScope(exchange.Workspace, "", _id, model?.Provider ?? exchange.Provider ?? "", model?.Name ?? exchange.Model, exchange.Kind.Path);
        if (exchange.Workspace.Length == 0 || !reader.TryRead(exchange.Body.Span, scope))
            return null;

        var visit = new CacheVisit(this, exchange.Workspace, reader.Exact);
        if (_threshold is null)
            return visit;

        visit.Reason = reader.ExactOnly;
        if (visit.Reason is not null)
            return visit;

        var question = reader.Question();
        visit.Reason = SimilarQuestions.ForbiddenWords(question);
        if (visit.Reason is null)
            (visit.Question, visit.Partition) = (question, new AnswerKey(exchange.Workspace, reader.Partition));
        return visit;
    }

    private static void Keep(Exchange exchange, CacheVisit visit)
    {
        if (exchange.IsDryRun)
            return;

        exchange.WantsAnswer = true;
        if (exchange.Kept<CacheVisits>() is not { } visits)
            exchange.Keep(visits = new CacheVisits());
        visits.Add(visit);
    }

    private async ValueTask<RuleOutcome?> FindExactAsync(AnswerKey key, CancellationToken cancellationToken)
    {
        var reply = await _services.Store.FindAsync(key, cancellationToken);
        return reply is null ? null : Hit(reply, key.Digest, "hit", similarity: null);
    }

    // Leads, or waits for who does. Null: on, alone or leading.
    private async ValueTask<RuleOutcome?> FlyAsync(Exchange exchange, CacheVisit visit, CancellationToken cancellationToken)
    {
        if (exchange.IsDryRun)
            return null;

        var leads = _services.Flights.TryLead(visit.Key, out var flight);
        if (leads)
            visit.Flight = flight;
        else if (flight is null || !await flight.WaitAsync(cancellationToken))
            return null;

        // A leader too looks again: another may have stored the answer after this one's first look.
        var found = await FindExactAsync(visit.Key, cancellationToken);
        if (found is not null)
            visit.Dispose();
        return found;
    }

    private async ValueTask<RuleOutcome?> FindSimilarAsync(Exchange exchange, CacheVisit visit, CancellationToken cancellationToken)
    {
        if (visit.Question is not { } question || _threshold is not { } threshold)
            return null;

        // A dry run costs nothing.
        if (!exchange.IsDryRun && _services.Embedder is { } embedder && await embedder.EmbedAsync(question, cancellationToken) is { } vector
            && QuantisedVector.From(vector) is { } quantised)
        {
            visit.Embedding = new QuestionEmbedding(embedder.Model, quantised);
        }

        var similar = await _services.Questions.FindAsync(visit.Partition, question, threshold, visit.Embedding, cancellationToken);
        if (similar is null || await _services.Store.FindAsync(new AnswerKey(exchange.Workspace, similar.Answer), cancellationToken) is not { } reply)
            return null;

        visit.Dispose();
        return Hit(reply, similar.Answer, similar.IsByMeaning ? "hit-semantic" : "hit-near-duplicate", similar.Similarity);
    }

    private RuleOutcome.Answer Hit(StoredReply reply, CacheDigest key, string status, double? similarity)
    {
        var age = Math.Max(0, (long)(_services.Time.GetUtcNow() - reply.CreatedAt).TotalSeconds);
        return new RuleOutcome.Answer(reply with { Status = status }, new CacheEffect(status)
        {
            Key = key.ToString(),
            AgeSeconds = age,
            Similarity = similarity is { } likeness ? Math.Round(likeness, 4) : null,
            Saved = new SavedTokens(reply.InputTokens, reply.OutputTokens),
        });
    }

    private ValueTask<bool> StoreAsync(CacheVisit visit, ExchangeAnswer answer, CancellationToken cancellationToken) => _services.Store.KeepAsync(
        visit.Key,
        new StoredReply
        {
            Streamed = answer.Streamed,
            Body = answer.Body,
            InputTokens = answer.InputTokens,
            OutputTokens = answer.OutputTokens,
            UpstreamModel = answer.UpstreamModel,
            CreatedAt = _services.Time.GetUtcNow(),
        },
        _timeToLive,
        cancellationToken);
}

/// <summary>How far a cache looks.</summary>
public enum CacheMode
{
    /// <summary>The very same request.</summary>
    Exact,

    /// <summary>A question that may have the same answer, too.</summary>
    Semantic,
}

/// <summary>The configuration of <see cref="CacheEnable"/>.</summary>
public sealed record CacheEnableConfig
{
    /// <summary>How long an answer is given. Unit: seconds, 1 to 2,592,000 (30 days); required.</summary>
    [Description("How long an answer is given, in seconds: 1 to 2592000 (30 days).")]
    public long? TtlSeconds { get; init; }

    /// <summary>How far it looks; exact by default.</summary>
    [Description("exact finds the very same request; semantic also a question that may have the same answer. By default exact.")]
    public CacheMode? Mode { get; init; }

    /// <summary>0.5 to 1, 0.95 by default; in mode semantic only.</summary>
    [Description("What counts as similar, 0.5 to 1; by default 0.95. In mode semantic only.")]
    public double? SimilarityThreshold { get; init; }
}

/// <summary>What the receipt says.</summary>
/// <param name="Status"><c>hit</c>, <c>hit-semantic</c>, <c>hit-near-duplicate</c>, <c>miss</c> or <c>bypass</c>.</param>
public sealed record CacheEffect(string Status)
{
    /// <summary>Names the answer that was given, or looked for: 64 hexadecimal digits.</summary>
    public string? Key { get; init; }

    /// <summary>How old the answer is. Unit: seconds.</summary>
    public long? AgeSeconds { get; init; }

    /// <summary>How alike the questions are, 0 to 1; <c>null</c>: the request is the same.</summary>
    public double? Similarity { get; init; }

    /// <summary>What the hit saved.</summary>
    public SavedTokens? Saved { get; init; }

    /// <summary>Why nothing was looked up, or nothing but the very same request: one word.</summary>
    public string? Reason { get; init; }
}

/// <summary>What the first answer had used. Unit: tokens.</summary>
public sealed record SavedTokens(long InputTokens, long OutputTokens);

/// <summary>The limits of <see cref="CacheEnableConfig"/>.</summary>
public sealed class CacheEnableValidator : AbstractValidator<CacheEnableConfig>
{
    /// <summary>See the fields.</summary>
    public CacheEnableValidator()
    {
        RuleFor(static config => config.TtlSeconds).NotNull().InclusiveBetween(1, 2_592_000).WithMessage("must be from 1 to 2592000.");
        RuleFor(static config => config.SimilarityThreshold).Must(static value => value is >= 0.5 and <= 1).When(static config => config.SimilarityThreshold is not null)
            .WithMessage("must be from 0.5 to 1.");
        RuleFor(static config => config.SimilarityThreshold).Null().When(static config => config.Mode is not CacheMode.Semantic)
            .WithMessage("has no meaning without \"mode\": \"semantic\".");
    }
}
