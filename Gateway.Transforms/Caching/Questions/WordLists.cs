using System.Collections.Frozen;

namespace Gateway.Transforms.Caching.Questions;

/// <summary>Closed lists of words that decide whether two questions may have the same answer. Lower case; English first, and the commonest of six other languages.</summary>
internal static class WordLists
{
    /// <summary>Words that add nothing to a question: articles and courtesy.</summary>
    public static readonly FrozenSet<string> Light = Set(
        "a an the please kindly pls plz hi hello hey thanks thank thx me just ok okay um bitte danke hallo merci bonjour svp gracias hola ciao grazie");

    /// <summary>Words that turn an answer round. <c>n't</c> is found by its ending.</summary>
    public static readonly FrozenSet<string> Negations = Set(
        "not no never none nobody nothing neither nor nowhere without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt mustnt "
        + "hasnt havent hadnt aint except excluding unless lacking hardly barely rarely seldom non nicht kein keine keinen keinem keiner nie niemals nichts ohne "
        + "pas jamais rien aucun aucune sans ningun ninguno ninguna nunca nada sin mai niente senza nessuno não nunca sem nenhum niet geen nooit zonder не нет ни никогда без");

    /// <summary>Words that say what is asked for, in the order of a question.</summary>
    public static readonly FrozenSet<string> QuestionWords = Set(
        "what whats what's which who whos who's whom whose when where wheres where's why how hows how's was welche welcher welches wer wen wem wann wo warum wieso wie "
        + "que quel quelle qui quand où pourquoi comment combien qué cuál quién cuándo dónde cómo cuánto quale chi quando dove perché come wat wie waar wanneer waarom hoe");

    /// <summary>Words that begin a question whose answer is yes or no.</summary>
    public static readonly FrozenSet<string> Auxiliaries = Set(
        "is are am was were be do does did can could will would shall should may might must has have had isn't aren't don't doesn't didn't can't won't ist sind kann est sont es son");

    /// <summary>Numbers in words.</summary>
    public static readonly FrozenSet<string> Numbers = Set(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty "
        + "seventy eighty ninety hundred thousand million billion trillion first second third fourth fifth sixth seventh eighth ninth tenth half quarter once twice thrice "
        + "double triple dozen single both all every each any some few many most least");

    /// <summary>Words whose answer changes with time.</summary>
    private static readonly FrozenSet<string> Times = Set(
        "today todays today's tonight now nowadays currently current latest newest recent recently yesterday tomorrow upcoming live breaking presently "
        + "heute jetzt aktuell aktuelle aktuellen aktueller gestern morgen neueste neuesten aujourd'hui maintenant actuel actuelle hier demain hoy ahora actual ayer mañana "
        + "oggi adesso attuale ieri domani hoje agora atual ontem vandaag nu gisteren сегодня сейчас вчера завтра");

    /// <summary>The same in scripts that do not part words.</summary>
    private static readonly string[] UnpartedTimes = ["今天", "今日", "现在", "現在", "目前", "最新", "昨天", "昨日", "明天", "明日", "오늘", "지금", "현재", "最近"];

    /// <summary>Two words that say a time together.</summary>
    private static readonly FrozenSet<string> TimePairs = new[]
    {
        "this week", "this month", "this year", "this morning", "this evening", "last week", "last month", "last year", "last night", "next week", "next month", "next year",
        "right away", "the moment", "to date", "so far", "right now",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a question asks for what changes with time.</summary>
    /// <param name="text">The question.</param>
    /// <param name="words">Its words.</param>
    public static bool IsAboutNow(string text, IReadOnlyList<Word> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (Times.Contains(words[i].Lower) || (i > 0 && TimePairs.Contains($"{words[i - 1].Lower} {words[i].Lower}")))
                return true;
        }

        return Array.Exists(UnpartedTimes, time => text.Contains(time, StringComparison.Ordinal));
    }

    private static FrozenSet<string> Set(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
