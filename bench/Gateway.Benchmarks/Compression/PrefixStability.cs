using System.Text;
using Gateway.Transforms.Compression;

namespace Gateway.Benchmarks.Compression;

/// <summary>Whether what two turns of a conversation share is still the same bytes once each was compressed on its own.</summary>
internal static class PrefixStability
{
    /// <summary>Compresses every turn of every conversation; returns the pairs of turns, and how many of them share their prefix.</summary>
    public static (int Turns, int Stable) Measure(IEnumerable<Transcript> transcripts, Strength strength)
    {
        var turns = 0;
        var stable = 0;
        foreach (var transcript in transcripts)
        {
            byte[][]? previous = null;
            foreach (var end in Enumerable.Range(1, transcript.Messages.Count).Where(end => end == transcript.Messages.Count || transcript.Messages[end].Role is "assistant"))
            {
                var compressed = transcript.Messages.Take(end).Select(message => Compress(message, strength)).ToArray();
                if (previous is not null)
                {
                    turns++;
                    if (previous.Zip(compressed).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second))) stable++;
                }

                previous = compressed;
            }
        }

        return (turns, stable);
    }

    private static byte[] Compress(TranscriptMessage message, Strength strength)
    {
        var text = Encoding.UTF8.GetBytes(message.Text);
        return message.Role switch
        {
            "system" => BlockCompressor.Compress(text, BlockRole.System, strength),
            "tool" => BlockCompressor.Compress(text, BlockRole.Tool, strength),
            _ => text,
        };
    }
}
