using Gateway.Ledger.Front.InProcess;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class GcraTests
{
    [TestCase(10, 0.5, 10)]
    [TestCase(1, 1, 1)]
    [TestCase(3, 1000, 3)]
    [TestCase(7, 0.3, 7)]
    public void A_fresh_clock_admits_exactly_the_burst(int burst, double refill, int admitted)
    {
        var rate = Gcra.Requests(burst, refill);
        long clock = 0;
        var count = 0;
        while (count < 1000 && rate.Advance(clock, 0, 1) <= rate.Tolerance)
        {
            clock = rate.Advance(clock, 0, 1);
            count++;
        }

        Assert.That(count, Is.EqualTo(admitted));
        Assert.That(rate.Remaining(clock, 0), Is.Zero);
        Assert.That(rate.Remaining(clock, rate.Tolerance), Is.EqualTo(burst), "Full again after its whole length.");
    }

    [TestCase(600, 600, 0)]
    [TestCase(600, 1, 599)]
    [TestCase(1_000_000_000, 999_999_999, 1)]
    public void Tokens_are_counted_within_a_minute(long perMinute, long used, long remaining)
    {
        var rate = Gcra.Tokens(perMinute);

        Assert.That(rate.Remaining(rate.Advance(0, 0, used), 0), Is.EqualTo(remaining).Within(1));
    }
}
