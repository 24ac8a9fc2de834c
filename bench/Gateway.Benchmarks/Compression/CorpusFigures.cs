using System.Diagnostics;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Tokens;

namespace Gateway.Benchmarks.Compression;

/// <summary>What one strength did to one corpus.</summary>
/// <param name="TokensBefore">Tokens of all blocks. Unit: o200k tokens.</param>
/// <param name="TokensAfter">Tokens after compression.</param>
/// <param name="Changed">Blocks that came out otherwise.</param>
/// <param name="Larger">Blocks that came out with more tokens: must be 0.</param>
/// <param name="Restless">Blocks that a second compression changed again: must be 0.</param>
/// <param name="JsonBroken">JSON blocks that came out as other JSON, where light must keep every token: must be 0.</param>
/// <param name="ValuesPercent">Distinct words, ids and numbers that are still there.</param>
/// <param name="NeedlesPercent">Planted error lines that are still there.</param>
/// <param name="MegabytesPerSecond">Whole compression with token counts, one thread, the best of the runs of 0.6 seconds.</param>
internal sealed record CorpusFigures(
    long TokensBefore,
    long TokensAfter,
    int Changed,
    int Larger,
    int Restless,
    int JsonBroken,
    double ValuesPercent,
    double NeedlesPercent,
    double MegabytesPerSecond)
{
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(0.6);

    private const int MostNeedleBlocks = 200;

    /// <summary>Share of tokens saved. Unit: percent.</summary>
    public double SavedPercent => 100.0 * (TokensBefore - TokensAfter) / TokensBefore;

    public static CorpusFigures Measure(Corpus corpus, Strength strength)
    {
        var counter = TokenCounter.For(TokenEncoding.O200k);
        long before = 0, after = 0;
        int changed = 0, larger = 0, restless = 0, broken = 0, values = 0, keptValues = 0, needles = 0, keptNeedles = 0;
        byte[] Compress(byte[] block) => BlockCompressor.Compress(block, corpus.Role, strength);
        for (var i = 0; i < corpus.Blocks.Count; i++)
        {
            var block = corpus.Blocks[i];
            var compressed = Compress(block);
            var tokens = counter.Count(block);
            var tokensAfter = counter.Count(compressed);
            before += tokens;
            after += tokensAfter;
            if (!compressed.AsSpan().SequenceEqual(block)) changed++;
            if (tokensAfter > tokens) larger++;
            if (!Compress(compressed).AsSpan().SequenceEqual(compressed)) restless++;
            if (strength == Strength.Light && !SameJson(block, compressed)) broken++;
            var (all, kept) = Retention.Values(block, compressed);
            values += all;
            keptValues += kept;
            if (corpus.Role != BlockRole.Tool || i >= MostNeedleBlocks) continue;
            (all, kept) = Retention.Needles(block, seed: i, Compress);
            needles += all;
            keptNeedles += kept;
        }

        return new(before, after, changed, larger, restless, broken, Percent(keptValues, values), Percent(keptNeedles, needles), Speed(corpus, strength));
    }

    private static double Percent(int part, int whole) => whole == 0 ? double.NaN : 100.0 * part / whole;

    private static bool SameJson(byte[] before, byte[] after)
    {
        JsonNode? parsed;
        try
        {
            parsed = JsonNode.Parse(before);
        }
        catch (System.Text.Json.JsonException)
        {
            return true;
        }

        return JsonNode.DeepEquals(parsed, JsonNode.Parse(after));
    }

    private static double Speed(Corpus corpus, Strength strength)
    {
        var bytes = corpus.Blocks.Sum(static block => (long)block.Length);
        var best = double.MaxValue;
        using var output = new PooledBuffer();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Measured)
        {
            var counts = BlockTokenCounts.Empty(TokenEncoding.O200k);
            var start = Stopwatch.GetTimestamp();
            foreach (var block in corpus.Blocks) BlockCompressor.Compress(block, corpus.Role, strength, counts, output);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return bytes / 1e6 / best;
    }
}
