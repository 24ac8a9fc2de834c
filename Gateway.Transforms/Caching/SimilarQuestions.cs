using System.Text.Json;
using Gateway.Transforms.Caching.Questions;

namespace Gateway.Transforms.Caching;

/// <summary>Which requests may be answered by the answer to a similar question.</summary>
/// <remarks>
/// Those that ask for one answer in plain text, at a temperature that says sameness is wanted, in a short conversation: elsewhere what stands before the question
/// decides more than the question. What changes with time is looked up by the very same request alone, which the rule's time to live bounds.
/// </remarks>
internal static class SimilarQuestions
{
    /// <summary>Above it, the client wants variety.</summary>
    public const double MaxTemperature = 0.3;

    /// <summary>Messages that are neither system nor developer prompts.</summary>
    public const int MaxTurns = 6;

    /// <summary>Longest question. Unit: bytes of JSON.</summary>
    public const int MaxQuestionBytes = 4096;

    /// <summary>Most words of a question: their order is compared one by one.</summary>
    public const int MaxWords = 512;

    /// <summary>Why it may not, as a word; <c>null</c>: it may. The words of the question are looked at by <see cref="ForbiddenWords"/>.</summary>
    public static string? Forbidden(CanonicalBody body)
    {
        ref readonly var last = ref body.Last;
        if (!last.IsUser)
            return "last_message_not_user";
        if (!last.IsText)
            return "not_text";
        if (last.Content.Length > MaxQuestionBytes)
            return "long_question";
        if (last.Turns > MaxTurns)
            return "long_conversation";
        if (body.TryFind(MemberName.N, out var n) && n.Type is not JsonTokenType.Null && !(n.Type is JsonTokenType.Number && n.Number == 1))
            return "several_answers";
        return Temperature(body) <= MaxTemperature ? null : "temperature";
    }

    /// <summary>Why its words forbid it; <c>null</c>: they do not.</summary>
    public static string? ForbiddenWords(string question)
    {
        var words = Word.Split(TextFold.Fold(question));
        if (words.Count > MaxWords)
            return "long_question";
        return WordLists.IsAboutNow(question, words) ? "time" : null;
    }

    private static double Temperature(CanonicalBody body) =>
        body.TryFind(MemberName.Temperature, out var member) && member.Type is not JsonTokenType.Null
            ? member.Type is JsonTokenType.Number ? member.Number : double.PositiveInfinity
            : 1;
}
