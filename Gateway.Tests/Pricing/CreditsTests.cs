using System.Globalization;
using System.Text;
using Gateway.Ledger;
using NUnit.Framework;

namespace Gateway.Tests.Pricing;

/// <summary>Amounts are written as a decimal of the framework would be.</summary>
internal sealed class CreditsTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(-1)]
    [TestCase(26_600)]
    [TestCase(1_000_000_000)]
    [TestCase(-1_500_000_000)]
    [TestCase(9_999_973_400)]
    [TestCase(long.MaxValue)]
    [TestCase(long.MinValue)]
    public void An_amount_is_written_as_the_shortest_exact_decimal(long nano) => AssertWritten(nano);

    [Test]
    public void Random_amounts_of_every_size_are_written_like_decimals()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 20_000; i++)
            AssertWritten(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(63));
    }

    [Test]
    public void What_does_not_fit_is_not_written()
    {
        var few = new byte[3];
        Assert.That(new Credits(1).TryFormat(few, out var written, format: default, provider: null), Is.False);
        Assert.That(written, Is.Zero);
    }

    private static void AssertWritten(long nano)
    {
        var expected = ((decimal)nano / Credits.NanoPerCredit).ToString("0.#########", CultureInfo.InvariantCulture);
        var utf8 = new byte[Credits.MaxCharacters];
        Assert.That(new Credits(nano).TryFormat(utf8, out var length, format: default, provider: null), Is.True);
        Assert.That(Encoding.ASCII.GetString(utf8, 0, length), Is.EqualTo(expected));
        Assert.That(new Credits(nano).ToString(), Is.EqualTo(expected));
    }
}
