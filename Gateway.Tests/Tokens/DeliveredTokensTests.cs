using System.Text;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

[TestFixture(TokenEncoding.O200k)]
[TestFixture(TokenEncoding.Cl100k)]
public sealed class DeliveredTokensTests(TokenEncoding encoding)
{
    private const string Answer =
        "Hello, World! It's 2024; they've 12345 items — naïve café, e\u0301.\r\n\r\n  def f(x):\n\treturn x**2 // ok\n/ 你好，世界！Привет 👨‍👩‍👧 ABCdef'LL  \n";

    private readonly TokenCounter _counter = TokenCounter.For(encoding);

    [Test]
    public void Every_split_in_two_counts_as_the_whole()
    {
        var text = Encoding.UTF8.GetBytes(Answer);
        var whole = _counter.Count(text);
        for (var split = 0; split <= text.Length; split++)
        {
            using var delivered = new DeliveredTokens(_counter);
            delivered.Append(text.AsSpan(0, split));
            _ = delivered.Count;
            delivered.Append(text.AsSpan(split));

            Assert.That(delivered.Count, Is.EqualTo(whole), $"split at {split}");
        }
    }

    [Test]
    public void Random_splits_of_long_texts_count_as_the_whole()
    {
        var random = new Random(11);
        for (var round = 0; round < 60; round++)
        {
            var text = LongText(random, 30_000);
            var largest = 1 + random.Next(round % 3 == 0 ? 6_000 : 40);
            using var delivered = new DeliveredTokens(_counter);
            for (var at = 0; at < text.Length;)
            {
                var length = Math.Min(random.Next(largest + 1), text.Length - at);
                delivered.Append(text.AsSpan(at, length));
                if (random.Next(50) == 0) _ = delivered.Count;
                at += length;
            }

            Assert.That(delivered.Count, Is.EqualTo(_counter.Count(text)), $"round {round}");
        }
    }

    [Test]
    public void A_run_without_a_cut_is_counted_within_a_token_per_buffer()
    {
        var text = Encoding.UTF8.GetBytes(new string('_', 100_000));
        using var delivered = new DeliveredTokens(_counter);
        for (var at = 0; at < text.Length; at += 100) delivered.Append(text.AsSpan(at, 100));

        Assert.That(delivered.Count, Is.InRange(_counter.Count(text), _counter.Count(text) + (100_000 / 4_000 * 2)));
    }

    [Test]
    public void Random_bytes_do_not_throw()
    {
        var random = new Random(5);
        var bytes = new byte[700];
        using var delivered = new DeliveredTokens(_counter);
        for (var round = 0; round < 200; round++)
        {
            random.NextBytes(bytes);
            delivered.Append(bytes.AsSpan(0, random.Next(bytes.Length)));
        }

        Assert.That(delivered.Count, Is.GreaterThan(1_000));
    }

    [Test]
    public async Task A_count_that_is_asked_for_while_text_arrives_changes_nothing()
    {
        var text = LongText(new Random(3), 400_000);
        using var delivered = new DeliveredTokens(_counter);
        var isOver = false;
        var asking = Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
                Assert.That(delivered.Count, Is.InRange(0, text.Length));
        });
        for (var at = 0; at < text.Length; at += 13)
            delivered.Append(text.AsSpan(at, Math.Min(13, text.Length - at)));
        Volatile.Write(ref isOver, true);
        await asking;

        Assert.That(delivered.Count, Is.EqualTo(_counter.Count(text)));
    }

    [Test]
    public void What_it_is_at_most_is_known_without_counting()
    {
        var text = Encoding.UTF8.GetBytes(Answer);
        using var delivered = new DeliveredTokens(_counter);
        delivered.Append(text);

        Assert.That(delivered.AtMost, Is.EqualTo(text.Length));
        Assert.That(delivered.Count, Is.EqualTo(_counter.Count(text)));
        Assert.That(delivered.AtMost, Is.EqualTo(delivered.Count));
    }

    [Test]
    public void The_count_remains_after_disposal()
    {
        var delivered = new DeliveredTokens(_counter);
        delivered.Append("Hello, World!"u8);

        delivered.Dispose();
        delivered.Dispose();

        Assert.That(delivered.Count, Is.EqualTo(4));
    }

    [Test]
    public void Appending_allocates_nothing()
    {
        var text = Encoding.UTF8.GetBytes(Answer);
        using var delivered = new DeliveredTokens(_counter);
        for (var i = 0; i < 100; i++) delivered.Append(text);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++) delivered.Append(text);
        _ = delivered.Count;

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static byte[] LongText(Random random, int length)
    {
        var text = new MemoryStream();
        while (text.Length < length)
        {
            if (random.Next(4) == 0) text.Write(Encoding.UTF8.GetBytes(Answer));
            else text.Write(CountSample.Fuzz[random.Next(CountSample.Fuzz.Count)].Utf8);
        }

        return text.ToArray();
    }
}
