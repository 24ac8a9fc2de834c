using System.Text;
using Gateway.Transforms.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

internal sealed class AnswerTests
{
    [TestCase("The cat sat.", "The cat sat.", 1)]
    [TestCase("The cat sat.", "the CAT, sat", 1)]
    [TestCase("a b c d", "a b x y", 0.5)]
    [TestCase("a a b", "a b b", 2.0 / 3)]
    [TestCase("a", "b", 0)]
    [TestCase("", "", 1)]
    [TestCase("", "a", 0)]
    [TestCase("größe äpfel", "GRÖSSE ÄPFEL", 0.5)]
    [TestCase("""{"a":1,"b":"x"}""", """{ "b": "x", "a": 1 }""", 1)]
    [TestCase("""{"a":1,"b":"x"}""", """{"a":2,"b":"x"}""", 0.5)]
    [TestCase("""{"a":1,"b":"x"}""", """{"a":1}""", 2.0 / 3)]
    [TestCase("""[{"name":"f","arguments":{"q":"\u0041"}}]""", """[{"name":"f","arguments":{"q":"A"}}]""", 1)]
    [TestCase("[1,2]", "[2,1]", 0)]
    [TestCase("""{"a":1} and more""", """{"a":1} and less""", 0.75)]
    public void Likeness_is_by_field_for_JSON_and_by_word_for_text(string left, string right, double expected)
    {
        var (one, other) = (Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));

        Assert.That(AnswerSimilarity.Of(one, other), Is.EqualTo(expected).Within(1e-12));
        Assert.That(AnswerSimilarity.Of(other, one), Is.EqualTo(expected).Within(1e-12));
    }

    [Test]
    public void Hostile_answers_are_compared_in_bounded_time()
    {
        var name = new string('n', 200);
        var deep = string.Concat(Enumerable.Repeat($"{{\"{name}\":[", 60)) + "1" + string.Concat(Enumerable.Repeat("]}", 60));
        byte[][] answers =
        [
            Encoding.UTF8.GetBytes(deep), Encoding.UTF8.GetBytes(new string('[', 100_000)), [.. Enumerable.Repeat((byte)0xFF, 100_000)],
            Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Range(0, 100_000)) + "]"), "{\"a\":\"\\ud800\"}"u8.ToArray(), new byte[10 << 20],
        ];

        foreach (var left in answers)
        {
            foreach (var right in answers)
                Assert.That(AnswerSimilarity.Of(left, right), Is.InRange(0, 1));
        }
    }

    [Test]
    public void An_answers_text_is_the_same_from_a_document_and_from_its_stream()
    {
        var plain = """{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hello, ledger"}}],"usage":{}}"""u8.ToArray();
        var stream = """
            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

            : ping

            data: {"choices":[{"index":0,"delta":{"content":"Hello,"}}]}

            data: {"choices":[{"index":0,"delta":{"content":" ledger"}}]}

            data: {"choices":[],"usage":{}}

            data: [DONE]


            """u8.ToArray();

        Assert.That(Encoding.UTF8.GetString(AnswerText.Of(plain, streamed: false)!), Is.EqualTo("Hello, ledger"));
        Assert.That(AnswerText.Of(stream, streamed: true), Is.EqualTo(AnswerText.Of(plain, streamed: false)));
    }

    [Test]
    public void Tool_calls_are_compared_by_name_and_argument()
    {
        var plain = """{"choices":[{"message":{"content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"find","arguments":"{\"q\": 1}"}}]}}]}"""u8.ToArray();
        var stream = """
            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"2","function":{"name":"find","arguments":""}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\""}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]}


            """u8.ToArray();

        var one = AnswerText.Of(plain, streamed: false)!;
        var other = AnswerText.Of(stream, streamed: true)!;

        Assert.That(Encoding.UTF8.GetString(other), Is.EqualTo("""[{"name":"find","arguments":{"q":1}}]"""));
        Assert.That(AnswerSimilarity.Of(one, other), Is.EqualTo(1));
    }

    [TestCase("")]
    [TestCase("no JSON")]
    [TestCase("{}")]
    [TestCase("""{"choices":[]}""")]
    [TestCase("""{"choices":5}""")]
    [TestCase("""{"choices":[{"message":{"content":"\ud800"}}]}""")]
    [TestCase("""{"choices":[{"message":{"content":null}}]}""")]
    public void What_says_nothing_has_no_text(string body) => Assert.That(AnswerText.Of(Encoding.UTF8.GetBytes(body), streamed: false), Is.Null);
}
