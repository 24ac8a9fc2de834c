using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Compression;

[TestFixture]
public sealed partial class BlockCompressorTests
{
    private static readonly Strength[] Strengths = [Strength.Light, Strength.Medium, Strength.Aggressive];

    [Test]
    public void Real_blocks_never_get_more_tokens_and_come_to_rest([ValueSource(nameof(Strengths))] Strength strength)
    {
        var counter = TokenCounter.For(TokenEncoding.O200k);
        var changed = 0;

        foreach (var (role, block) in RecordedConversations.Blocks)
        {
            var once = BlockCompressor.Compress(block, role, strength);
            var twice = BlockCompressor.Compress(once, role, strength);

            Assert.That(twice, Is.EqualTo(once), Text(block));
            if (once.AsSpan().SequenceEqual(block)) continue;
            changed++;
            Assert.That(counter.Count(once), Is.LessThan(counter.Count(block)), Text(block));
        }

        Assert.That(changed, Is.GreaterThan(30));
    }

    [Test]
    public void The_result_is_the_same_on_every_thread_and_in_every_culture()
    {
        var expected = RecordedConversations.Blocks.Select(static pair => BlockCompressor.Compress(pair.Block, pair.Role, Strength.Aggressive)).ToArray();
        // The program runs without culture data: an odd culture is made by hand.
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NumberDecimalSeparator = ",";
        odd.NumberFormat.NegativeSign = "minus ";
        odd.NumberFormat.NumberGroupSeparator = "";
        CultureInfo[] cultures = [odd, CultureInfo.InvariantCulture, odd, CultureInfo.InvariantCulture];

        var all = cultures.AsParallel().WithDegreeOfParallelism(4).Select(static culture =>
        {
            CultureInfo.CurrentCulture = culture;
            return RecordedConversations.Blocks.Reverse().Select(static pair => BlockCompressor.Compress(pair.Block, pair.Role, Strength.Aggressive)).Reverse().ToArray();
        }).ToArray();

        foreach (var results in all)
        {
            for (var i = 0; i < expected.Length; i++) Assert.That(results[i], Is.EqualTo(expected[i]));
        }
    }

    [TestCase(BlockRole.System, BlockCompressor.LeastSystemBytes)]
    [TestCase(BlockRole.Tool, BlockCompressor.LeastToolBytes)]
    public void A_block_is_compressed_from_the_least_size_on(BlockRole role, int least)
    {
        var block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a\u200Bb ", 20)) + new string('x', least));

        Assert.That(BlockCompressor.Compress(block.AsSpan(0, least), role, Strength.Light), Has.Length.LessThan(least));
        Assert.That(BlockCompressor.Compress(block.AsSpan(0, least - 1), role, Strength.Light), Has.Length.EqualTo(least - 1));
    }

    [Test]
    public void A_block_above_four_megabytes_is_left_alone()
    {
        var block = Encoding.UTF8.GetBytes("[" + string.Concat(Enumerable.Repeat("1, ", BlockCompressor.MostBytes / 3)) + "2   ]");

        Assert.That(BlockCompressor.Compress(Padded(block, BlockCompressor.MostBytes), BlockRole.Tool, Strength.Light), Has.Length.LessThan(BlockCompressor.MostBytes));
        Assert.That(BlockCompressor.Compress(Padded(block, BlockCompressor.MostBytes + 1), BlockRole.Tool, Strength.Light), Has.Length.EqualTo(BlockCompressor.MostBytes + 1));

        static byte[] Padded(byte[] json, int length) => [.. json.AsSpan(0, Math.Min(json.Length, length - 16) / 3 * 3 + 1), .. Encoding.UTF8.GetBytes("2".PadRight(length - (Math.Min(json.Length, length - 16) / 3 * 3) - 2) + "]")];
    }

    [Test]
    public void Strength_off_and_bytes_that_are_no_text_change_nothing()
    {
        var pretty = Encoding.UTF8.GetBytes("[" + string.Join(" ,  ", Enumerable.Range(0, 400)) + "]");
        byte[] noText = [.. pretty, 0xFF, 0xC3];

        Assert.That(BlockCompressor.Compress(pretty, BlockRole.Tool, Strength.Off), Is.EqualTo(pretty));
        Assert.That(BlockCompressor.Compress(noText, BlockRole.Tool, Strength.Aggressive), Is.EqualTo(noText));
        Assert.That(BlockCompressor.Compress([], BlockRole.Tool, Strength.Aggressive), Is.Empty);
    }

    [TestCase("{", "}")]
    [TestCase("[", "]")]
    [TestCase("[{\"a\":", "}]")]
    [TestCase("<div>", "</div>")]
    [TestCase("\"`'{<[“", "")]
    [TestCase("\n\n\n    \t", "")]
    [TestCase("**", "")]
    [TestCase("at \n  at \n  File \"", "")]
    [TestCase("2026-01-01 00:00:00", "\n")]
    [TestCase("diff --git a b\n", "@@ ")]
    [TestCase("\u001b[", "\u200b")]
    [TestCase("```", "\n")]
    [TestCase("#3 rows; cols: ", "|")]
    public void Hostile_blocks_take_bounded_time_and_grow_nothing(string open, string close)
    {
        var counter = TokenCounter.For(TokenEncoding.O200k);
        var block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open, 20_000)) + string.Concat(Enumerable.Repeat(close, 20_000)));
        var clock = System.Diagnostics.Stopwatch.StartNew();

        foreach (var role in Enum.GetValues<BlockRole>())
        {
            foreach (var strength in Strengths)
            {
                var result = BlockCompressor.Compress(block, role, strength);

                Assert.That(counter.Count(result), Is.LessThanOrEqualTo(counter.Count(block)));
                Assert.That(BlockCompressor.Compress(result, role, strength), Is.EqualTo(result));
            }
        }

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
    }

    [TestCase("<html>", "<a '\" ", "</p>")]
    [TestCase("<html>", "<script></", "</p>")]
    [TestCase("<html>", "<img alt='x' href=\"y\"></a>", "</p>")]
    [TestCase("", "very 'very that is ", "")]
    [TestCase("", "** a **b** `` ` \" ", "")]
    [TestCase("", "note that that ‘ “ {", "")]
    [TestCase("[", "[{\"a\":1},{\"a\":1},{\"b\":1}],", "0]")]
    [TestCase("[", "{\"a\":[{\"b\":[]}]},", "0]")]
    public void Two_megabytes_of_what_could_take_quadratic_time_do_not(string start, string middle, string end)
    {
        var count = 2_000_000 / middle.Length;
        var block = Encoding.UTF8.GetBytes(start + string.Concat(Enumerable.Repeat(middle, count)) + string.Concat(Enumerable.Repeat(end, end.Length < 3 ? 1 : 20)));
        var clock = System.Diagnostics.Stopwatch.StartNew();

        foreach (var role in Enum.GetValues<BlockRole>()) BlockCompressor.Compress(block, role, Strength.Aggressive);

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void Random_text_made_of_what_the_steps_look_for_comes_to_rest_and_stays_text()
    {
        string[] pieces =
        [
            "the quick ", "**bold** ", "`code` ", "\"quote\" ", "{x} ", "not ", "2026-01-02 03:04:05 INFO ", "error ", "\n", "\n\n", "\n\n\n", "    ", "\t", "```\n", "| a | b |\n",
            "in order to ", "that is ", "at Foo.bar(x)\n  at ", "File \"x\", line 1\n", "same line of forty characters or even more than that\n", "<p>", "</p>", "&amp;", "é", "漢字", "\u200b", "\u001b[31m",
            "[+1 more like this]\n", "[same x2, last 03:04:05]\n", "-----\n", "don't ", "very ", "{\"a\":1}\n", "the ", "a ", "1",
        ];
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 250).Select(_ => pieces[random.Next(pieces.Length)])));
            foreach (var role in Enum.GetValues<BlockRole>())
            {
                foreach (var strength in Strengths)
                {
                    var once = BlockCompressor.Compress(block, role, strength);

                    Assert.That(System.Text.Unicode.Utf8.IsValid(once), Is.True, $"seed {seed}");
                    Assert.That(BlockCompressor.Compress(once, role, strength), Is.EqualTo(once), $"seed {seed}, {role}, {strength}");
                    if (role == BlockRole.System) Assert.That(Facts(once), Is.EqualTo(Facts(block)), $"seed {seed}, {strength}");
                }
            }
        }
    }

    [Test]
    public void Numbers_links_and_words_that_forbid_come_out_of_system_prompts_as_they_went_in([ValueSource(nameof(Strengths))] Strength strength)
    {
        foreach (var prompt in RecordedConversations.SystemPrompts)
            Assert.That(Facts(BlockCompressor.Compress(prompt, BlockRole.System, strength)), Is.EqualTo(Facts(prompt)));
    }

    [Test]
    public void Real_blocks_keep_every_word_at_light_and_all_words_of_json_at_medium()
    {
        foreach (var (role, block) in RecordedConversations.Blocks)
        {
            Assert.That(Words(block).Except(Words(BlockCompressor.Compress(block, role, Strength.Light))).Where(static word => !word.EndsWith('m')), Is.Empty, Text(block));
            if (BlockKinds.Of(block) == BlockKind.Json) Assert.That(Words(block).Except(Words(BlockCompressor.Compress(block, role, Strength.Medium))), Is.Empty, Text(block));
        }
    }

    [Test]
    public void An_error_that_is_planted_in_a_real_tool_output_is_always_still_there([ValueSource(nameof(Strengths))] Strength strength)
    {
        const string needle = "ERROR payment 84211 failed: card declined by issuer 7731";
        var random = new Random(7);
        foreach (var block in RecordedConversations.ToolOutputs)
        {
            var lines = Text(block).Split('\n').ToList();
            lines.Insert(random.Next(lines.Count + 1), needle);
            var planted = string.Join('\n', lines);

            Assert.That(Text(BlockCompressor.Compress(Encoding.UTF8.GetBytes(planted), BlockRole.Tool, strength)), Does.Contain(needle));
        }
    }

    private static string Text(byte[] utf8) => Encoding.UTF8.GetString(utf8);

    // Sorted: only what is there counts, not where.
    private static string[] Facts(byte[] text) => [.. Fact().Matches(Text(text)).Select(static match => match.Value).Order(StringComparer.Ordinal)];

    private static HashSet<string> Words(byte[] text) => [.. Word().Matches(Text(text)).Select(static match => match.Value)];

    [GeneratedRegex(
        @"\d+|https?://[^\s)>""]+|\b(not|never|no|must|only|unless|except|without|cannot|always|required|error|fail|warning)\b|n't",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fact();

    [GeneratedRegex(@"[\p{L}\p{N}]+", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();
}
