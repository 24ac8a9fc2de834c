namespace Gateway.Transforms.Caching.Questions;

/// <summary>Questions that only grow in number, up to a bound: then a new generation begins, and the one before the last is forgotten. Not thread-safe.</summary>
internal sealed class QuestionGeneration
{
    // Of one question. More than these share a band with it only if they are alike to a letter.
    private const int MostCandidates = 64;

    private readonly List<StoredQuestion> _questions = [];
    private readonly Dictionary<ulong, int> _heads = [];
    private readonly Dictionary<ulong, int> _canonical = [];
    private readonly List<int> _next = [];

    /// <summary>Questions in it.</summary>
    public int Count => _questions.Count;

    /// <summary>About what it takes in memory. Unit: bytes.</summary>
    public long Size { get; private set; }

    /// <summary>Adds a question.</summary>
    public void Add(StoredQuestion question, QuestionText text)
    {
        var place = _questions.Count;
        _questions.Add(question);
        _canonical[CanonicalKey(text)] = place;
        Size += question.Size;
        Span<ulong> bands = stackalloc ulong[MinHash.Bands];
        MinHash.Sketch(text, bands);
        foreach (var band in bands)
        {
            _next.Add(_heads.GetValueOrDefault(band, -1));
            _heads[band] = _next.Count - 1;
        }
    }

    /// <summary>The most alike by words; the candidate stays as it was if none is more so.</summary>
    public void FindByWords(QuestionText asked, ReadOnlySpan<ulong> bands, double threshold, DateTimeOffset now, ref Candidate best)
    {
        if (_canonical.TryGetValue(CanonicalKey(asked), out var same))
            Weigh(_questions[same], asked, threshold, now, ref best);
        if (best.Likeness >= 1)
            return;

        var seen = new HashSet<int>();
        foreach (var band in bands)
        {
            for (var at = _heads.GetValueOrDefault(band, -1); at >= 0 && seen.Count < MostCandidates; at = _next[at])
            {
                var place = at / MinHash.Bands;
                if (seen.Add(place))
                    Weigh(_questions[place], asked, threshold, now, ref best);
            }
        }
    }

    /// <summary>The most alike by embedding; the candidate stays as it was if none is more so.</summary>
    public void FindByMeaning(QuestionText asked, QuantisedVector vector, string model, double threshold, DateTimeOffset now, ref Candidate best)
    {
        foreach (var question in _questions)
        {
            if (question.Vector is null || vector.Cosine(question.Vector) is var cosine && (cosine < threshold || cosine <= best.Likeness))
                continue;
            if (question.ExpiresAt <= now || !string.Equals(question.EmbeddingModel, model, StringComparison.Ordinal))
                continue;
            if (Judge.MayShare(asked, QuestionText.Read(question.Text)))
                best = new Candidate(question, Math.Min(1, cosine), IsByMeaning: true);
        }
    }

    private static void Weigh(StoredQuestion question, QuestionText asked, double threshold, DateTimeOffset now, ref Candidate best)
    {
        if (question.ExpiresAt <= now)
            return;

        var likeness = Judge.Likeness(asked, QuestionText.Read(question.Text), threshold);
        if (likeness >= threshold && likeness > best.Likeness)
            best = new Candidate(question, likeness, IsByMeaning: false);
    }

    private static ulong CanonicalKey(QuestionText text) => QuestionText.Hash(text.Canonical) ^ QuestionText.Hash(text.Facts);
}

/// <summary>A question that is alike enough, and how much. <c>default</c>: none.</summary>
/// <param name="Question">The question.</param>
/// <param name="Likeness">0 to 1.</param>
/// <param name="IsByMeaning">By embedding; else by words.</param>
internal readonly record struct Candidate(StoredQuestion? Question, double Likeness, bool IsByMeaning);
