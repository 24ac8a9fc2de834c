using Gateway.Transforms.Caching.Questions;

namespace Gateway.Transforms.Caching;

/// <summary>What a cache rule carries from a request to its answer. Disposed with the exchange: who waits for this one then goes on, however it ended.</summary>
/// <param name="rule">Whose it is.</param>
/// <param name="workspace">The tenant.</param>
/// <param name="exact">The request's own key.</param>
internal sealed class CacheVisit(IProxyRule rule, string workspace, CacheDigest exact) : IDisposable
{
    public IProxyRule Rule => rule;

    public CacheDigest Exact => exact;

    public AnswerKey Key => new(workspace, exact);

    /// <summary>Where the question belongs; of use with a <see cref="Question"/>.</summary>
    public AnswerKey Partition { get; set; }

    /// <summary>The question, if similar ones may be answered alike; else <c>null</c>.</summary>
    public string? Question { get; set; }

    /// <summary>Why there is none, as a word.</summary>
    public string? Reason { get; set; }

    public QuestionEmbedding? Embedding { get; set; }

    /// <summary>Set while others wait for this request.</summary>
    public SingleFlight.Flight? Flight { get; set; }

    public void Dispose() => Flight?.Dispose();
}

/// <summary>The visits of one request: more than one cache rule may match.</summary>
internal sealed class CacheVisits : IDisposable
{
    private readonly List<CacheVisit> _visits = new(capacity: 1);

    public void Add(CacheVisit visit) => _visits.Add(visit);

    public CacheVisit? Of(IProxyRule rule) => _visits.Find(visit => ReferenceEquals(visit.Rule, rule));

    public void Dispose()
    {
        foreach (var visit in _visits)
            visit.Dispose();
    }
}
