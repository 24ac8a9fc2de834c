using Gateway.Transforms;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;
using StackExchange.Redis;

namespace Gateway.Host.Caching;

/// <summary>Answers in Redis, shared by all gateways: each workspace within its own budget. A Redis that is away, slow or full finds and keeps nothing.</summary>
/// <remarks>
/// Keys: <c>gw:cache:{workspace}:…</c>, each with an expiry; one workspace is one slot of a cluster. Redis must not evict (the ledger's front lives there), so the
/// budget is kept by the scripts beside this file: what expires soonest makes room.
/// </remarks>
/// <param name="connection">Asks Redis.</param>
/// <param name="bounds">What it may take.</param>
internal sealed class RedisAnswerStore(CacheConnection connection, RedisStoreBounds bounds) : IAnswerStore
{
    // Questions that one call returns.
    private const int BatchSize = 256;

    /// <inheritdoc/>
    public async ValueTask<StoredReply?> FindAsync(AnswerKey key, CancellationToken cancellationToken)
    {
        var found = await connection.AskAsync(
            database => database.StringGetAsync(Name(key, "a"), CommandFlags.DemandMaster), bounds.Patience, cancellationToken);
        return found.IsNull ? null : StoredReplyFormat.Read((byte[])found);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> KeepAsync(AnswerKey key, StoredReply reply, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        if (reply.Body.Length > InProcessAnswerStore.MaxAnswerBytes)
            return false;

        var stored = await connection.RunAsync(
            CacheScript.KeepAnswer,
            [Name(key, "a")],
            [Prefix(key), $"a:{key.Digest}", StoredReplyFormat.Write(reply), Milliseconds(timeToLive), bounds.WorkspaceBytes],
            bounds.WritePatience,
            cancellationToken);
        return IsOne(stored);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ForgetAsync(AnswerKey key, CancellationToken cancellationToken) =>
        IsOne(await connection.RunAsync(CacheScript.Forget, [Name(key, "a")], [Prefix(key), $"a:{key.Digest}"], bounds.WritePatience, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<bool> KeepQuestionAsync(AnswerKey partition, StoredQuestion question, CancellationToken cancellationToken)
    {
        var left = question.ExpiresAt - connection.Time.GetUtcNow();
        if (left <= TimeSpan.Zero)
            return false;

        var stored = await connection.RunAsync(
            CacheScript.KeepQuestion,
            [Name(partition, "q"), Name(partition, "n")],
            [Prefix(partition), $"q:{partition.Digest}", question.ToBytes(), Milliseconds(left), bounds.WorkspaceBytes, bounds.MaxQuestions],
            bounds.WritePatience,
            cancellationToken);
        return IsOne(stored);
    }

    /// <inheritdoc/>
    public async ValueTask<QuestionLog> QuestionsAsync(AnswerKey partition, QuestionCursor since, CancellationToken cancellationToken)
    {
        const int head = 3;
        var answer = await connection.RunAsync(
            CacheScript.Questions, [Name(partition, "q"), Name(partition, "n")], [since.Life, since.Place, BatchSize], bounds.Patience, cancellationToken);
        if (answer is null)
            return QuestionLog.Nothing(since);
        var values = (RedisValue[])answer;
        if (values.Length < head)
            return QuestionLog.Nothing(default);

        var questions = new List<StoredQuestion>(values.Length - head);
        foreach (var value in values.AsSpan(head))
        {
            if (StoredQuestion.Read((byte[])value) is { } question)
                questions.Add(question);
        }

        return new QuestionLog(questions, new QuestionCursor((long)values[0], (long)values[1]), values[2] == 1);
    }

    private static bool IsOne(RedisResult? answer) => answer is not null && (long)answer == 1;

    private static long Milliseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds);

    // Escaped: a workspace's name cannot end the hash tag, or begin another key.
    private static string Prefix(AnswerKey key) => $"gw:cache:{{{Uri.EscapeDataString(key.Workspace)}}}:";

    private static RedisKey Name(AnswerKey key, string kind) => $"{Prefix(key)}{kind}:{key.Digest}";
}
