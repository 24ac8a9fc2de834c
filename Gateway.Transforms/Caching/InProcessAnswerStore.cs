using Gateway.Transforms.Caching.Questions;

namespace Gateway.Transforms.Caching;

/// <summary>Answers in this process's memory: bounded in bytes, the least recently used goes first. Thread-safe.</summary>
/// <remarks>For a gateway that runs alone. All workspaces share the bound; who may read what is in the key.</remarks>
/// <param name="time">The clock.</param>
public sealed class InProcessAnswerStore(TimeProvider time) : IAnswerStore
{
    /// <summary>Largest answer. Unit: bytes of its body. 1 MiB.</summary>
    public const int MaxAnswerBytes = 1 << 20;

    // An entry beside its bytes, as measured. Unit: bytes.
    internal const int Overhead = 400;

    // Questions that one call returns.
    private const int BatchSize = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<AnswerKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _lives;

    /// <summary>Most memory. Unit: bytes. Default 64 MiB.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>Most questions of a partition; the oldest go first. Default 10,000.</summary>
    public int MaxQuestions { get; init; } = 10_000;

    /// <summary>What it takes now. Unit: bytes, about.</summary>
    public long Size { get; private set; }

    /// <summary>Answers and partitions in it.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoredReply?> FindAsync(AnswerKey key, CancellationToken cancellationToken)
    {
        lock (_gate)
            return ValueTask.FromResult(Touch(key)?.Reply);
    }

    /// <inheritdoc/>
    public ValueTask<bool> KeepAsync(AnswerKey key, StoredReply reply, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        if (reply.Body.Length > MaxAnswerBytes)
            return ValueTask.FromResult(false);

        var own = reply with { Body = reply.Body.ToArray() };
        lock (_gate)
        {
            Remove(key);
            return ValueTask.FromResult(Add(new Entry(key, time.GetUtcNow() + timeToLive) { Reply = own, Size = Overhead + own.Body.Length }));
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ForgetAsync(AnswerKey key, CancellationToken cancellationToken)
    {
        lock (_gate)
            return ValueTask.FromResult(Remove(key));
    }

    /// <inheritdoc/>
    public ValueTask<bool> KeepQuestionAsync(AnswerKey partition, StoredQuestion question, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var entry = Touch(partition);
            if (entry is null && !Add(entry = new Entry(partition, question.ExpiresAt) { Questions = new Queue<StoredQuestion>(), Life = ++_lives, Size = Overhead }))
                return ValueTask.FromResult(false);

            var questions = entry.Questions!; // not null: a partition's key is no answer's
            questions.Enqueue(question);
            entry.ExpiresAt = question.ExpiresAt > entry.ExpiresAt ? question.ExpiresAt : entry.ExpiresAt;
            Grow(entry, question.Size);
            if (questions.Count > MaxQuestions)
            {
                Grow(entry, -questions.Dequeue().Size);
                entry.FirstPlace++;
            }

            Shrink();
            return ValueTask.FromResult(_entries.ContainsKey(partition));
        }
    }

    /// <inheritdoc/>
    public ValueTask<QuestionLog> QuestionsAsync(AnswerKey partition, QuestionCursor since, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Touch(partition) is not { Questions: { } questions } entry)
                return ValueTask.FromResult(QuestionLog.Nothing(default));

            var end = entry.FirstPlace + questions.Count;
            var start = since.Life == entry.Life ? Math.Max(since.Place, entry.FirstPlace) : entry.FirstPlace;
            if (start >= end)
                return ValueTask.FromResult(QuestionLog.Nothing(new QuestionCursor(entry.Life, end)));

            StoredQuestion[] batch = [.. questions.Skip((int)(start - entry.FirstPlace)).Take(BatchSize)];
            return ValueTask.FromResult(new QuestionLog(batch, new QuestionCursor(entry.Life, start + batch.Length), start + batch.Length < end));
        }
    }

    private Entry? Touch(AnswerKey key)
    {
        if (!_entries.TryGetValue(key, out var node))
            return null;
        if (node.Value.ExpiresAt <= time.GetUtcNow())
        {
            Remove(key);
            return null;
        }

        _byUse.Remove(node);
        _byUse.AddLast(node);
        return node.Value;
    }

    private bool Add(Entry entry)
    {
        if (entry.Size > MaxBytes)
            return false;

        _entries[entry.Key] = _byUse.AddLast(entry);
        Size += entry.Size;
        Shrink();
        return true;
    }

    private void Grow(Entry entry, int bytes)
    {
        entry.Size += bytes;
        Size += bytes;
    }

    private bool Remove(AnswerKey key)
    {
        if (!_entries.Remove(key, out var node))
            return false;

        _byUse.Remove(node);
        Size -= node.Value.Size;
        return true;
    }

    private void Shrink()
    {
        while (Size > MaxBytes && _byUse.First is { } oldest)
            Remove(oldest.Value.Key);
    }

    // An answer, or a partition's questions.
    private sealed class Entry(AnswerKey key, DateTimeOffset expiresAt)
    {
        public AnswerKey Key => key;

        public DateTimeOffset ExpiresAt { get; set; } = expiresAt;

        public int Size { get; set; }

        public StoredReply? Reply { get; init; }

        /// <summary>A partition's; <c>null</c>: it is an answer.</summary>
        public Queue<StoredQuestion>? Questions { get; init; }

        public long Life { get; init; }

        public long FirstPlace { get; set; }
    }
}
