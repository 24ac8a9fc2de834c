using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Gateway.Transforms.Compression;

namespace Gateway.Benchmarks.Compression;

/// <summary>Measures compression without a model, and writes the figures as Markdown, the bad ones too.</summary>
internal static class CompressionReport
{
    private static readonly Strength[] Strengths = [Strength.Light, Strength.Medium, Strength.Aggressive];

    /// <summary>Runs everything. Takes about two minutes.</summary>
    /// <param name="paths">The data folder, then, if there is one, a <c>node_modules</c> folder with the packages that <see cref="Corpus"/> names.</param>
    public static string Run(string[] paths)
    {
        var data = paths[0];
        var packages = paths.Length > 1 && paths[1].Length > 0 ? paths[1] : null;
        var report = new StringBuilder();
        var title = string.Create(CultureInfo.InvariantCulture, $"# Compression, measured without a model\n\nCompressor version {BlockCompressor.CompressorVersion}, tokens of o200k_base, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}, {Processor()}, {Environment.ProcessorCount} cores shared with other work, one thread.\n");
        report.Append(title);
        report.Append("""
            Written by `bench/compression.sh`. *Saved* is over all blocks of a corpus, those included that are too small to be compressed. *Values* are distinct words,
            ids and numbers of a block that still stand in it. *Needles* are planted error lines (in JSON: a string value; in HTML: outside of tags) that still stand
            there word for word. *MB/s* is the whole compression, token counts and checks included, at the best of the runs; small blocks cost more. *Larger*, *restless*
            (a second compression changes it again) and *broken* (JSON that is other JSON after `light`) must be 0.

            What is not good: blocks below 512 bytes stay as they are, which costs tau-bench 1.5 points. SWE-agent's observations save less than a prototype that drops every
            repeated line (1.1, 4.6 and 6.0%), for here lines of code stay, so that an agent can find them again to edit them. Word rules run at 10 to 40 MB/s in all,
            for they read the text twice and count it twice. Values that text loses at light and medium are escapes of terminals, repeated times of logs, and what HTML holds
            beside its text. `aggressive` loses most values of large JSON arrays and of logs, and says so where they stood; it also loses answers of prose, for a
            question that quotes an article no longer finds it.

            | corpus | blocks | tokens | strength | saved | changed | values | needles | MB/s | larger | restless | broken |
            | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |

            """);
        Corpus[] corpora = [.. Corpus.Read(data, packages)];
        // Once for the compiler: it optimises what has run often.
        foreach (var corpus in corpora)
            foreach (var block in corpus.Blocks) BlockCompressor.Compress(block, corpus.Role, Strength.Aggressive);
        foreach (var corpus in corpora)
        {
            foreach (var strength in Strengths) AddRow(report, corpus, strength, CorpusFigures.Measure(corpus, strength));
        }

        AddAnswers(report, data);
        AddPrefixes(report, data);
        AddKernels(report);
        return report.ToString();
    }

    private static void AddRow(StringBuilder report, Corpus corpus, Strength strength, CorpusFigures figures)
    {
        var needles = double.IsNaN(figures.NeedlesPercent) ? "" : figures.NeedlesPercent.ToString("F1", CultureInfo.InvariantCulture) + "%";
        report.Append(
            CultureInfo.InvariantCulture,
            $"| {corpus.Name} | {corpus.Blocks.Count} | {figures.TokensBefore:N0} | {Name(strength)} | {figures.SavedPercent:F1}% | {figures.Changed} | {figures.ValuesPercent:F2}% | {needles} | {figures.MegabytesPerSecond:F0} | {figures.Larger} | {figures.Restless} | {figures.JsonBroken} |\n");
    }

    private static void AddAnswers(StringBuilder report, string data)
    {
        report.Append("\n## Answers of XQuAD-en that still stand in the compressed text\n\n| strength | answers kept |\n| --- | ---: |\n");
        foreach (var strength in Strengths)
        {
            var kept = AnswerSpans.Kept(data, block => BlockCompressor.Compress(block, BlockRole.Tool, strength));
            report.Append(CultureInfo.InvariantCulture, $"| {Name(strength)} | {kept:F1}% |\n");
        }
    }

    private static void AddPrefixes(StringBuilder report, string data)
    {
        report.Append("\n## Turns whose common prefix is the same bytes as in the turn before\n\n| transcripts | strength | turns | same prefix |\n| --- | --- | ---: | ---: |\n");
        foreach (var strength in Strengths)
        {
            AddPrefix(report, "tau-bench", strength, PrefixStability.Measure(Transcripts.TauBench(data), strength));
            AddPrefix(report, "SWE-agent", strength, PrefixStability.Measure(Transcripts.SweAgent(data), strength));
        }
    }

    private static void AddPrefix(StringBuilder report, string name, Strength strength, (int Turns, int Stable) figures) =>
        report.Append(CultureInfo.InvariantCulture, $"| {name} | {Name(strength)} | {figures.Turns} | {figures.Stable} |\n");

    private static void AddKernels(StringBuilder report)
    {
        report.Append("""

            ## Speed of the steps, one thread, best of many runs on 256 KB

            *Whole* is the compression of the same input with all its steps, checks, and tokens counted on both sides.

            | step | MB/s | whole MB/s |
            | --- | ---: | ---: |

            """);
        foreach (var input in KernelInput.All)
        {
            var (kernel, whole) = KernelSpeed.Measure(input);
            report.Append(CultureInfo.InvariantCulture, $"| {input.Name} | {kernel:F0} | {whole:F0} |\n");
        }
    }

    private static string Processor()
    {
        const string info = "/proc/cpuinfo";
        var model = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model is null ? "unknown processor" : model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string Name(Strength strength) => strength switch
    {
        Strength.Light => "light",
        Strength.Medium => "medium",
        _ => "aggressive",
    };
}
