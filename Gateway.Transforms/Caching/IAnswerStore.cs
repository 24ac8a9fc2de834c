using Gateway.Transforms.Caching.Questions;

namespace Gateway.Transforms.Caching;

/// <summary>Keeps answers by their key, and the questions that they answer by partition.</summary>
/// <remarks>A store that cannot be reached finds nothing and keeps nothing: a cache is never why a call fails.</remarks>
public interface IAnswerStore
{
    /// <summary>Looks an answer up; <c>null</c>: there is none, or it has expired.</summary>
    ValueTask<StoredReply?> FindAsync(AnswerKey key, CancellationToken cancellationToken);

    /// <summary>Stores an answer, in place of an earlier one. False if it was not: too large, or no room, or no store.</summary>
    /// <param name="key">Names it.</param>
    /// <param name="reply">The answer. Its bytes are copied.</param>
    /// <param name="timeToLive">1 s to 30 days.</param>
    /// <param name="cancellationToken">The caller's.</param>
    ValueTask<bool> KeepAsync(AnswerKey key, StoredReply reply, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Forgets an answer, for example one that was marked bad. False if there was none.</summary>
    ValueTask<bool> ForgetAsync(AnswerKey key, CancellationToken cancellationToken);

    /// <summary>Adds a question whose answer was stored to its partition. False if it was not.</summary>
    ValueTask<bool> KeepQuestionAsync(AnswerKey partition, StoredQuestion question, CancellationToken cancellationToken);

    /// <summary>The questions of a partition that were added since, in order.</summary>
    /// <param name="partition">Which.</param>
    /// <param name="since">The last answer's <see cref="QuestionLog.Next"/>; <c>default</c>: from the beginning.</param>
    /// <param name="cancellationToken">The caller's.</param>
    ValueTask<QuestionLog> QuestionsAsync(AnswerKey partition, QuestionCursor since, CancellationToken cancellationToken);
}

/// <summary>How far a partition's questions were read.</summary>
/// <param name="Life">Which beginning of the partition; another one: all that was read is gone.</param>
/// <param name="Place">The next question's number.</param>
public readonly record struct QuestionCursor(long Life, long Place);

/// <summary>Questions of a partition.</summary>
/// <param name="Questions">In the order in which they were added.</param>
/// <param name="Next">Where to read on.</param>
/// <param name="HasMore">Whether there are more already.</param>
public sealed record QuestionLog(IReadOnlyList<StoredQuestion> Questions, QuestionCursor Next, bool HasMore)
{
    /// <summary>Nothing new.</summary>
    public static QuestionLog Nothing(QuestionCursor since) => new([], since, HasMore: false);
}
