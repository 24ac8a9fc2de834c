namespace Gateway.Transforms.Caching.Questions;

/// <summary>The questions of one partition in memory. Thread-safe.</summary>
internal sealed class PartitionQuestions(CacheDigest digest)
{
    // An empty one, as measured. Unit: bytes.
    private const long Overhead = 1000;

    // A log that is longer is read on by the lookups that follow: no request waits for all of it.
    private const int MostBatches = 4;

    private readonly Lock _gate = new();
    private QuestionGeneration _current = new();
    private QuestionGeneration _previous = new();
    private QuestionCursor _cursor;
    private int _isReading;

    /// <summary>Names the partition.</summary>
    public CacheDigest Digest => digest;

    /// <summary>What the index has accounted for; the index's own.</summary>
    public long Counted { get; set; }

    /// <summary>About what it takes in memory. Unit: bytes.</summary>
    public long Size
    {
        get
        {
            lock (_gate)
                return Overhead + _current.Size + _previous.Size;
        }
    }

    /// <summary>Reads what was stored since the last time. If another lookup is at it, this one does without.</summary>
    public async ValueTask ReadOnAsync(IAnswerStore store, AnswerKey partition, int maxQuestions, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isReading, 1) == 1)
            return;

        try
        {
            for (var batch = 0; batch < MostBatches; batch++)
            {
                var log = await store.QuestionsAsync(partition, _cursor, cancellationToken);
                if (log.Questions.Count > 0 || log.Next.Life != _cursor.Life)
                    Add(log, maxQuestions);
                if (!log.HasMore)
                    return;
            }
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
        }
    }

    /// <summary>The most alike that may have the same answer; <c>default</c>: none.</summary>
    public Candidate Find(QuestionText asked, double threshold, QuestionEmbedding? embedding, DateTimeOffset now)
    {
        var best = default(Candidate);
        Span<ulong> bands = stackalloc ulong[MinHash.Bands];
        MinHash.Sketch(asked, bands);
        lock (_gate)
        {
            _current.FindByWords(asked, bands, threshold, now, ref best);
            _previous.FindByWords(asked, bands, threshold, now, ref best);
            if (best.Question is null && embedding is not null)
            {
                _current.FindByMeaning(asked, embedding.Vector, embedding.Model, threshold, now, ref best);
                _previous.FindByMeaning(asked, embedding.Vector, embedding.Model, threshold, now, ref best);
            }
        }

        return best;
    }

    private void Add(QuestionLog log, int maxQuestions)
    {
        lock (_gate)
        {
            // Another life: the store has begun anew, and what it had is gone.
            if (log.Next.Life != _cursor.Life)
                (_current, _previous) = (new QuestionGeneration(), new QuestionGeneration());
            _cursor = log.Next;
            foreach (var question in log.Questions)
            {
                if (_current.Count >= Math.Max(1, maxQuestions / 2))
                    (_previous, _current) = (_current, new QuestionGeneration());
                _current.Add(question, QuestionText.Read(question.Text));
            }
        }
    }
}
