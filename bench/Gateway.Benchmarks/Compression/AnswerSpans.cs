using System.Text;
using System.Text.Json;

namespace Gateway.Benchmarks.Compression;

/// <summary>XQuAD: ten paragraphs a block, and whether the answers to its questions can still be found in it.</summary>
internal static class AnswerSpans
{
    private const int ParagraphsPerBlock = 10;

    /// <summary>The paragraphs, ten to a block.</summary>
    public static IEnumerable<byte[]> Blocks(string data) => Read(data).Select(static block => Encoding.UTF8.GetBytes(block.Text));

    /// <summary>Share of answers that stand in the compressed block, word for word. Unit: percent.</summary>
    public static double Kept(string data, Func<byte[], byte[]> compress)
    {
        var all = 0;
        var kept = 0;
        foreach (var (text, answers) in Read(data))
        {
            var compressed = Encoding.UTF8.GetString(compress(Encoding.UTF8.GetBytes(text)));
            all += answers.Count;
            kept += answers.Count(answer => compressed.Contains(answer, StringComparison.Ordinal));
        }

        return 100.0 * kept / all;
    }

    private static IEnumerable<(string Text, List<string> Answers)> Read(string data)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(data, "xquad/xquad.en.json")));
        var paragraphs = file.RootElement.GetProperty("data").EnumerateArray().SelectMany(static article => article.GetProperty("paragraphs").EnumerateArray());
        foreach (var block in paragraphs.Chunk(ParagraphsPerBlock))
        {
            var text = string.Join("\n\n", block.Select(static paragraph => paragraph.GetProperty("context").GetString()));
            var answers = block.SelectMany(static paragraph => paragraph.GetProperty("qas").EnumerateArray())
                .SelectMany(static question => question.GetProperty("answers").EnumerateArray())
                .Select(static answer => answer.GetProperty("text").GetString()!);
            yield return (text, answers.ToList());
        }
    }
}
