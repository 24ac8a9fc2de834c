using System.Text;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

[TestFixture]
public sealed class TokenCounterTests
{
    private static readonly TokenCounter O200k = TokenCounter.For(TokenEncoding.O200k);
    private static readonly TokenCounter Cl100k = TokenCounter.For(TokenEncoding.Cl100k);

    private static int Count(string text) => O200k.Count(Encoding.UTF8.GetBytes(text));

    [Test]
    public void Counts_of_scripts_code_and_whitespace_equal_the_reference() => AssertEqual(CountSample.Golden);

    [Test]
    public void Counts_of_random_unicode_equal_the_reference() => AssertEqual(CountSample.Fuzz);

    [Test]
    public void A_count_from_the_cache_equals_the_first_count()
    {
        AssertEqual(CountSample.Fuzz);
        AssertEqual(CountSample.Fuzz);
    }

    [TestCase("_", 3_125, 3_125)]
    [TestCase("a", 25_000, 25_000)]
    [TestCase(" ", 1_563, 1_563)]
    [CancelAfter(20_000)]
    public void A_run_of_200_000_equal_characters_is_counted_in_linear_time(string character, int o200k, int cl100k)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(character, 200_000)));

        Assert.That((O200k.Count(text), Cl100k.Count(text)), Is.EqualTo((o200k, cl100k)));
    }

    [Test]
    public void Long_merges_equal_short_merges_on_the_same_piece()
    {
        var ranks = RankTable.Load(TokenEncoding.O200k);
        var random = new Random(7);
        for (var round = 0; round < 400; round++)
        {
            var piece = new byte[2 + random.Next(PieceMerge.LongestPiece - 2)];
            for (var i = 0; i < piece.Length; i++) piece[i] = (byte)(round % 4 == 0 ? random.Next(256) : 'a' + random.Next(2 + (round % 20)));

            Assert.That(LongPieceMerge.Count(ranks, piece), Is.EqualTo(PieceMerge.Count(ranks, piece)), Convert.ToHexString(piece));
        }
    }

    [Test]
    public void Special_tokens_are_plain_text() => Assert.That(Count("<|endoftext|>"), Is.EqualTo(7));

    [Test]
    public void Bytes_that_are_not_utf8_are_counted_and_do_not_throw()
    {
        var random = new Random(3);
        var bytes = new byte[300];
        for (var round = 0; round < 2_000; round++)
        {
            random.NextBytes(bytes);

            Assert.That(O200k.Count(bytes), Is.InRange(1, bytes.Length));
            Assert.That(Cl100k.Count(bytes), Is.InRange(1, bytes.Length));
        }
    }

    [Test]
    public void Eight_threads_count_the_same()
    {
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(static () =>
        {
            for (var round = 0; round < 5; round++)
                foreach (var sample in CountSample.Fuzz)
                    if (O200k.Count(sample.Utf8) != sample.O200k || Cl100k.Count(sample.Utf8) != sample.Cl100k) Interlocked.Increment(ref _wrong);
        })).ToArray();
        _wrong = 0;

        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();

        Assert.That(_wrong, Is.Zero);
    }

    private static int _wrong;

    [Test]
    public void Counting_allocates_nothing()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("It's 2024: naïve 世界 xqzvkjw ", 200)) + new string('x', 5_000));
        O200k.Count(text);
        O200k.Count(text);

        var before = GC.GetAllocatedBytesForCurrentThread();
        O200k.Count(text);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);
    }

    private static void AssertEqual(IReadOnlyList<CountSample> samples)
    {
        Assert.That(samples, Has.Count.GreaterThan(100));
        using (Assert.EnterMultipleScope())
        {
            foreach (var sample in samples)
            {
                var counts = (O200k.Count(sample.Utf8), Cl100k.Count(sample.Utf8));
                Assert.That(counts, Is.EqualTo((sample.O200k, sample.Cl100k)), Encoding.UTF8.GetString(sample.Utf8));
            }
        }
    }
}
