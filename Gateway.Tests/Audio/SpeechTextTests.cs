using System.Text;
using System.Text.Json;
using Gateway.Transforms.Audio;
using NUnit.Framework;

namespace Gateway.Tests.Audio;

internal sealed class SpeechTextTests
{
    [TestCase("""{"model":"tts-1","input":"Hello"}""", 5)]
    [TestCase("""{"voice":{"input":"no"},"input":""}""", 0)]
    [TestCase("""{"input":"äöü 日本"}""", 6)]
    [TestCase("""{"input":"😀"}""", 1)]
    [TestCase("""{"input":"\ud83d\ude00\uD83D\uDE00"}""", 2)]
    [TestCase("""{"input":"a\n\"\\\u0041\/"}""", 6)]
    [TestCase("""{"\u0069nput":"ab"}""", 2)]
    [TestCase("""{"input":"\ud7ff\ue000"}""", 2)]
    public void Characters_are_unicode_scalar_values_of_the_decoded_text(string body, long characters) =>
        Assert.That(SpeechText.Characters(Encoding.UTF8.GetBytes(body)), Is.EqualTo(characters));

    [TestCase("""{"model":"tts-1"}""")]
    [TestCase("""{"input":null}""")]
    [TestCase("""{"input":["a"]}""")]
    [TestCase("{}")]
    public void What_is_no_text_has_no_count(string body) => Assert.That(SpeechText.Characters(Encoding.UTF8.GetBytes(body)), Is.Null);

    [Test]
    public void The_count_does_not_depend_on_how_the_text_is_written()
    {
        var random = new Random(3);
        for (var i = 0; i < 2_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => RandomRune(random)));
            var expected = text.EnumerateRunes().Count();

            var escaped = JsonSerializer.SerializeToUtf8Bytes(new { input = text });
            var plain = Encoding.UTF8.GetBytes("{\"input\":\"" + text.Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal) + "\"}");

            Assert.That(SpeechText.Characters(escaped), Is.EqualTo(expected));
            Assert.That(SpeechText.Characters(plain), Is.EqualTo(text.EnumerateRunes().Count(static rune => rune.Value is not '\\' and not '"')));
        }
    }

    private static Rune RandomRune(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(random.Next(2) == 0 ? 0x80 : 0x11_0000), out var rune) && rune.Value >= 0x20)
                return rune;
        }
    }
}
