using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class JudgeTests
{
    private static readonly string[] Questions =
    [
        "What is the capital of France?",
        "How do I increase the memory limit of my container to 10 gigabytes?",
        "Is it safe to open the old valve before the pump has started?",
        "Which flights go from Paris to Rome on the first weekend of May?",
        "Can a server accept two connections from one client with the same port?",
        "Why does the large buffer fill faster than the small one when I write to disk?",
        "How long is a customer allowed to keep a book that another customer has asked for in the main library of 2019?",
        "How much does it cost to buy 3 tickets for adults and to sell 1 for a child at the north entrance?",
        "Who wrote the longest novel of the early 20th century and where was it first published in English?",
        "Explain how to enable automatic backups from the master database to the local disk every night at 3.",
    ];

    [TestCase("What is the capital of France?", "what is the capital of France")]
    [TestCase("What is the capital of France?", "  What  is the\ncapital of France ?!")]
    [TestCase("What is the capital of France?", "Please, what is the capital of France?")]
    [TestCase("What is the capital of France?", "What is capital of France, please?")]
    [TestCase("Who’s the author of “Dune”?", "Who's the author of \"Dune\"?")]
    [TestCase("How many legs has a spider", "how many legs has a spider?")]
    [TestCase("ＷＨＡＴ is ２＋２", "WHAT is 2+2?")]
    [TestCase("法国的首都是什么？", "法国的首都是什么")]
    public void The_same_question_in_another_spelling_is_a_near_duplicate(string asked, string stored) => Assert.That(Likeness(asked, stored), Is.GreaterThanOrEqualTo(0.95));

    [TestCase("What is the capital of France?", "What is the capital of Germany?")]
    [TestCase("What is the capital of France?", "What was the capital of France?")]
    [TestCase("What is the capital of France?", "Is the capital of France what?")]
    [TestCase("What is the capital of France?", "What is the capital of France in English?")]
    [TestCase("Is C++ a good language?", "Is C a good language?")]
    [TestCase("Is C# a good language?", "Is C a good language?")]
    [TestCase("How do I sort in node.js?", "How do I sort in node?")]
    [TestCase("How do I install .NET?", "How do I install NET?")]
    [TestCase("How do polish people greet?", "How do Polish people greet?")]
    [TestCase("Turn the light on", "Turn the light off")]
    [TestCase("Is it 10 miles from here?", "Is it 11 miles from here?")]
    [TestCase("Is it ten miles from here?", "Is it two miles from here?")]
    [TestCase("What is 3.5 as a fraction?", "What is 35 as a fraction?")]
    [TestCase("What is 5 - 3?", "What is 5 + 3?")]
    [TestCase("Does it work?", "Doesn't it work?")]
    [TestCase("Does it work with sugar?", "Does it work without sugar?")]
    [TestCase("Who made it?", "When was it made?")]
    [TestCase("flights to Paris from Rome", "flights from Paris to Rome")]
    [TestCase("convert A to B", "convert B to A")]
    [TestCase("convert a to b", "convert b to a")]
    [TestCase("What is vitamin a?", "What is vitamin?")]
    [TestCase("Does the dog bite the man?", "Does the man bite the dog?")]
    [TestCase("Are all birds able to fly?", "Are some birds able to fly?")]
    [TestCase("What does `a  b` print?", "What does `a b` print")]
    [TestCase("Say \"yes\" to it", "Say \"no\" to it")]
    [TestCase("Open https://a.example/x please", "Open https://a.example/y please")]
    [TestCase("Is it useful?", "Is it useless?")]
    [TestCase("Is it legal here?", "Is it illegal here?")]
    [TestCase("if x:\n    y()\nz()", "if x:\n    y()\n    z()")]
    [TestCase("法国的首都是什么？", "德国的首都是什么？")]
    [TestCase("Ist das gut?", "Ist das nicht gut?")]
    [TestCase("What is it? 😀", "What is it? 😡")]
    public void Another_question_is_none(string asked, string stored)
    {
        Assert.That(Likeness(asked, stored), Is.Zero);
        Assert.That(Likeness(stored, asked), Is.Zero);
    }

    [Test]
    public void A_number_that_is_one_higher_is_another_question()
    {
        foreach (var question in Questions.Where(static question => question.Any(char.IsDigit)))
        {
            var digit = question.First(char.IsDigit);
            Refuses(question, question.Replace(digit, (char)(digit == '9' ? '8' : digit + 1)));
        }
    }

    [Test]
    public void An_inserted_not_is_another_question_wherever_it_stands()
    {
        foreach (var question in Questions)
        {
            var words = question.Split(' ');
            for (var i = 1; i < words.Length; i++)
                Refuses(question, string.Join(' ', [.. words[..i], "not", .. words[i..]]));
        }
    }

    [Test]
    public void Two_words_that_change_places_are_another_question()
    {
        foreach (var question in Questions)
        {
            var words = question.TrimEnd('?', '.').Split(' ');
            for (var i = 1; i < words.Length; i++)
            {
                for (var j = i + 1; j < words.Length; j++)
                {
                    var swapped = (string[])words.Clone();
                    (swapped[i], swapped[j]) = (words[j], words[i]);
                    if (!swapped.Where(IsContent).SequenceEqual(words.Where(IsContent)))
                        Refuses(question, string.Join(' ', swapped));
                }
            }
        }
    }

    [Test]
    public void A_word_in_place_of_its_opposite_is_another_question()
    {
        var tried = 0;
        foreach (var question in Questions)
        {
            var words = question.TrimEnd('?', '.').Split(' ');
            for (var i = 0; i < words.Length; i++)
            {
                foreach (var opposite in Opposites(words[i]))
                {
                    Refuses(question, string.Join(' ', [.. words[..i], opposite, .. words[(i + 1)..]]));
                    tried++;
                }
            }
        }

        Assert.That(tried, Is.GreaterThan(20));
    }

    [Test]
    public void Any_other_word_in_a_words_place_is_another_question_at_any_threshold()
    {
        foreach (var question in Questions)
        {
            var words = question.TrimEnd('?', '.').Split(' ');
            for (var i = 0; i < words.Length; i++)
            {
                if (IsContent(words[i]))
                    Refuses(question, string.Join(' ', [.. words[..i], "banana", .. words[(i + 1)..]]));
            }
        }
    }

    [Test]
    public void A_lower_threshold_lets_one_more_word_pass_but_no_other_one()
    {
        const string stored = "How do I cancel my yearly subscription to the weekly newsletter";

        Assert.That(Likeness(stored + " completely", stored, 0.8), Is.InRange(0.8, 0.99));
        Assert.That(Likeness(stored + " completely", stored, 0.95), Is.Zero);
        Assert.That(Likeness(stored.Replace("weekly", "monthly"), stored, 0.5), Is.Zero);
    }

    [TestCase("What is the weather today?")]
    [TestCase("Who is the current king?")]
    [TestCase("What happened this week?")]
    [TestCase("Latest news")]
    [TestCase("What time is it NOW?")]
    [TestCase("Wie ist das Wetter heute?")]
    [TestCase("今天天气怎么样？")]
    public void What_changes_with_time_is_known_by_its_words(string question) => Assert.That(SimilarQuestions.ForbiddenWords(question), Is.EqualTo("time"));

    [TestCase("What is the knowledge of the week?")]
    [TestCase("Where does the snow fall?")]
    [TestCase("")]
    public void Words_that_only_look_like_times_are_none(string question) => Assert.That(SimilarQuestions.ForbiddenWords(question), Is.Null);

    [TestCase(512, null)]
    [TestCase(513, "long_question")]
    public void A_question_has_512_words_at_most(int words, string? why) =>
        Assert.That(SimilarQuestions.ForbiddenWords(string.Join(' ', Enumerable.Repeat("b", words))), Is.EqualTo(why));

    [Test]
    public void Opposites_hold_in_both_directions_and_by_prefix()
    {
        Assert.That(Antonyms.Are("hot", "cold") && Antonyms.Are("cold", "hot"), Is.True);
        Assert.That(Antonyms.Are("happy", "unhappy") && Antonyms.Are("disagree", "agree") && Antonyms.Are("home", "homeless"), Is.True);
        Assert.That(Antonyms.Are("hot", "warmish"), Is.False);
        Assert.That(Antonyms.Are("cat", "cat"), Is.False);
    }

    [Test]
    public void Odd_texts_are_read_without_an_error()
    {
        string[] odd = ["", " ", "?", "...", "''", "\"", "`", "\"a", "\ud800", "\0", new string('a', 4096), new string('?', 4096), string.Concat(Enumerable.Repeat("a ", 2048)), "\u202E\u0301"];

        foreach (var left in odd)
        {
            foreach (var right in odd)
                Assert.That(Likeness(left, right, 0.5), Is.InRange(0, 1));
        }
    }

    private static bool IsContent(string word) => !WordLists.Light.Contains(word.TrimEnd('?', '.').ToLowerInvariant()) || word == "A";

    private static IEnumerable<string> Opposites(string word)
    {
        using var stream = typeof(Antonyms).Assembly.GetManifestResourceStream("Caching/Questions/antonyms.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Split(' ') is [var left, var right] && (left == word || right == word))
                yield return left == word ? right : left;
        }
    }

    private static void Refuses(string asked, string stored)
    {
        Assert.That(Likeness(asked, stored, 0.5), Is.Zero, $"{asked} | {stored}");
        Assert.That(Likeness(stored, asked, 0.5), Is.Zero, $"{stored} | {asked}");
    }

    private static double Likeness(string asked, string stored, double threshold = 0.95) => Judge.Likeness(QuestionText.Read(asked), QuestionText.Read(stored), threshold);
}
