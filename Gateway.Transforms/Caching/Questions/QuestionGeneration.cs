namespace Gateway.Transforms.Caching.Questions;

/// <summary>Questions that only grow in number, up to a bound: then a new generation begins, and the one before the last is forgotten. Not thread-safe.</summary>
internal sealed class QuestionGeneration
{
    // Questions that are compared word by word with one that is asked.
    private const int MostCandidates = 32;

    private readonly List<StoredQuestion> _questions = [];
    private readonly Dictionary<ulong, int> _heads = [];
    private readonly Dictionary<ulong, int> _canonical = [];
    private readonly List<int> _next = [];
    private readonly List<ulong> _contents = [];

    /// <summary>Questions in it.</summary>
    public int Count => _questions.Count;

    /// <summary>About what it takes in memory. Unit: bytes.</summary>
    public long Size { get; private set; }

    /// <summary>Adds a question.</summary>
    public void Add(StoredQuestion question, QuestionText text)
    {
        var place = _questions.Count;
        _questions.Add(question);
        _contents.Add(ContentKey(text));
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

        // Reading a candidate costs more than all else, and from that threshold up only the same words can pass.
        var content = threshold >= Judge.Strict ? ContentKey(asked) : (ulong?)null;
        var seen = new HashSet<int>();
        foreach (var band in bands)
        {
            for (var at = _heads.GetValueOrDefault(band, -1); at >= 0 && seen.Count < MostCandidates; at = _next[at])
            {
                var place = at / MinHash.Bands;
                if (seen.Add(place) && (content is null || content == _contents[place]))
                    Weigh(_questions[place], asked, threshold, now, ref best);
            }
        }
    }

    /// <summary>The most alike by embedding; the candidate stays as it was if none is more so.</summary>
    public void FindByMeaning(QuestionText asked, QuantisedVector vector, string model, double threshold, DateTimeOffset now, ref Candidate best)
    {
        var judged = 0;
        foreach (var question in _questions)
        {
            if (judged == MostCandidates)
                return;
            if (question.Vector is null || vector.Cosine(question.Vector) is var cosine && (cosine < threshold || cosine <= best.Likeness))
                continue;
            if (question.ExpiresAt <= now || !string.Equals(question.EmbeddingModel, model, StringComparison.Ordinal))
                continue;

            judged++;
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

    private static ulong ContentKey(QuestionText text)
    {
        var key = 0UL;
        foreach (var word in text.Content)
            key = QuestionText.Mix((key * 31) ^ QuestionText.Hash(word));
        return key;
    }

    private static ulong CanonicalKey(QuestionText text) => QuestionText.Hash(text.Canonical) ^ QuestionText.Hash(text.Facts);
}

/// <summary>A question that is alike enough, and how much. <c>default</c>: none.</summary>
/// <param name="Question">The question.</param>
/// <param name="Likeness">0 to 1.</param>
/// <param name="IsByMeaning">By embedding; else by words.</param>
internal readonly record struct Candidate(StoredQuestion? Question, double Likeness, bool IsByMeaning);
