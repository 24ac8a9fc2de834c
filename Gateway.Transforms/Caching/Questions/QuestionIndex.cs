namespace Gateway.Transforms.Caching.Questions;

/// <summary>The questions of many partitions in memory, each partition read from the store as it grows. Thread-safe.</summary>
/// <remarks>
/// A partition is the requests that differ in their last text at most; nothing is ever looked for in another one. Beyond the bounds a partition forgets its older
/// half, and the index the partition that was not asked for longest: both cost hits only.
/// </remarks>
/// <param name="store">Where questions come from.</param>
/// <param name="time">The clock.</param>
public sealed class QuestionIndex(IAnswerStore store, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<CacheDigest, LinkedListNode<PartitionQuestions>> _partitions = [];
    private readonly LinkedList<PartitionQuestions> _byUse = new();
    private long _size;

    /// <summary>Most questions of a partition. Default 10,000.</summary>
    public int MaxQuestions { get; init; } = 10_000;

    /// <summary>Most memory. Unit: bytes, about. Default 64 MiB.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>About what it takes now. Unit: bytes.</summary>
    public long Size => Interlocked.Read(ref _size);

    /// <summary>The stored question that is most alike and may have the same answer; <c>null</c>: none.</summary>
    /// <param name="partition">Where to look.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="threshold">0.5 to 1.</param>
    /// <param name="embedding">The question's own; <c>null</c>: words alone decide.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async ValueTask<SimilarQuestion?> FindAsync(
        AnswerKey partition, string question, double threshold, QuestionEmbedding? embedding, CancellationToken cancellationToken)
    {
        var questions = Open(partition.Digest);
        await questions.ReadOnAsync(store, partition, MaxQuestions, cancellationToken);
        Account(questions);
        var best = questions.Find(QuestionText.Read(question), threshold, embedding, time.GetUtcNow());
        return best.Question is { } found ? new SimilarQuestion(found.Answer, best.Likeness, best.IsByMeaning) : null;
    }

    private PartitionQuestions Open(CacheDigest partition)
    {
        lock (_gate)
        {
            if (_partitions.TryGetValue(partition, out var node))
                _byUse.Remove(node);
            else
                _partitions[partition] = node = new LinkedListNode<PartitionQuestions>(new PartitionQuestions(partition));
            _byUse.AddLast(node);
            return node.Value;
        }
    }

    private void Account(PartitionQuestions grown)
    {
        lock (_gate)
        {
            // One that was forgotten meanwhile counts no more.
            if (!_partitions.TryGetValue(grown.Digest, out var node) || !ReferenceEquals(node.Value, grown))
                return;

            var size = grown.Size;
            _size += size - grown.Counted;
            grown.Counted = size;
            while (_size > MaxBytes && _byUse.First is { } oldest)
            {
                _byUse.RemoveFirst();
                _partitions.Remove(oldest.Value.Digest);
                _size -= oldest.Value.Counted;
            }
        }
    }
}

/// <summary>A question's embedding.</summary>
/// <param name="Model">Whose it is: vectors of two models cannot be compared.</param>
/// <param name="Vector">Quantised.</param>
public sealed record QuestionEmbedding(string Model, QuantisedVector Vector);

/// <summary>A stored question that may have the same answer.</summary>
/// <param name="Answer">Names the answer.</param>
/// <param name="Similarity">0 to 1.</param>
/// <param name="IsByMeaning">By embedding; else a near duplicate in words.</param>
public sealed record SimilarQuestion(CacheDigest Answer, double Similarity, bool IsByMeaning);
