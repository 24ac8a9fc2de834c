using System.Text;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

[TestFixture]
public sealed class TokenEstimateTests
{
    [Test]
    public void No_text_is_no_tokens() => Assert.That(TokenEstimate.Estimate([]), Is.Zero);

    [Test]
    public void One_word_is_the_base_and_a_word() => Assert.That(TokenEstimate.Estimate("hello"u8), Is.EqualTo(7));

    [TestCase("The reservation was made for two guests on the third of May, and it cannot be changed any more. ")]
    [TestCase("{\"id\":12345,\"name\":\"order_items\",\"total\":99.50,\"tags\":[\"a\",\"b\"]},\n")]
    [TestCase("    for (var i = 0; i < count; i++)\n    {\n        total += values[i];\n    }\n")]
    [TestCase("我喜欢学习中文，因为它很有意思。")]
    [TestCase("Мы получили ваш заказ и отправим его завтра утром. ")]
    public void Ordinary_text_is_estimated_within_a_half(string sentence)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(sentence, 50)));
        var exact = TokenCounter.For(TokenEncoding.O200k).Count(text);

        Assert.That(TokenEstimate.Estimate(text), Is.InRange(exact * 2L / 3, exact * 3L / 2), $"exact {exact}");
    }

    [Test]
    public void Bytes_that_are_not_utf8_do_not_throw() => Assert.That(TokenEstimate.Estimate([0xFF, 0x80, 0xC3]), Is.GreaterThan(0));
}
