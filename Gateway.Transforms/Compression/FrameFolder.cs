using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Medium, for tool output: frames of a stack trace that repeat, singly or in a cycle, three times or more stand there once, with a count.</summary>
internal static class FrameFolder
{
    private const int LongestCycle = 8;
    private const int LeastRepeats = 3;
    private const int MostFrames = 65_536;

    private readonly record struct Frame(int Offset, int Length);

    /// <summary>Appends the text with its frames folded.</summary>
    public static void Write(ReadOnlySpan<byte> text, PooledBuffer output)
    {
        if (!MayOccur(text))
        {
            output.Write(text);
            return;
        }

        var frames = ArrayPool<Frame>.Shared.Rent(MostFrames);
        try
        {
            var count = 0;
            var wasFile = false;
            var lines = new LineReader(text);
            while (lines.Read())
            {
                var isFile = IsFile(lines.Line);
                if (lines.HasBreak && count < MostFrames && (isFile || IsCall(lines.Line) || (wasFile && Codelike.IsIndented(lines.Line))))
                {
                    frames[count++] = new Frame(lines.Offset, lines.Whole.Length);
                }
                else
                {
                    Fold(text, frames.AsSpan(0, count), output);
                    count = 0;
                    output.Write(lines.Whole);
                }

                wasFile = isFile;
            }

            Fold(text, frames.AsSpan(0, count), output);
        }
        finally
        {
            ArrayPool<Frame>.Shared.Return(frames);
        }
    }

    private static bool MayOccur(ReadOnlySpan<byte> text) => text.IndexOf(" at "u8) >= 0 || text.IndexOf("\tat "u8) >= 0 || text.IndexOf("File \""u8) >= 0;

    // Java, .NET and JavaScript: "    at name(place)". Python: "  File "x.py", line 3, in f", and the source line below it.
    private static bool IsCall(ReadOnlySpan<byte> line) => line.Length > 0 && line[0] is (byte)' ' or (byte)'\t' && line.TrimStart(" \t"u8).StartsWith("at "u8);

    private static bool IsFile(ReadOnlySpan<byte> line) => line.StartsWith("  File \""u8);

    private static void Fold(ReadOnlySpan<byte> text, ReadOnlySpan<Frame> frames, PooledBuffer output)
    {
        Span<byte> marker = stackalloc byte[Marker.Longest];
        while (!frames.IsEmpty)
        {
            var cycle = Cycle(text, frames, out var repeats);
            for (var i = 0; i < cycle; i++) output.Write(text.Slice(frames[i].Offset, frames[i].Length));
            if (repeats > 1) output.Write(marker[..Marker.Write(marker, "    [frames repeated "u8, repeats - 1, "x]\n"u8)]);

            frames = frames[(cycle * repeats)..];
        }
    }

    // The shortest cycle at the start of the frames, and how often it stands there in a row; one frame, once, if there is none.
    private static int Cycle(ReadOnlySpan<byte> text, ReadOnlySpan<Frame> frames, out int repeats)
    {
        for (var cycle = 1; cycle <= LongestCycle && cycle * LeastRepeats <= frames.Length; cycle++)
        {
            var at = cycle;
            while (at < frames.Length && Same(text, frames[at], frames[at - cycle])) at++;
            repeats = at / cycle;
            if (repeats >= LeastRepeats) return cycle;
        }

        repeats = 1;
        return 1;
    }

    private static bool Same(ReadOnlySpan<byte> text, Frame left, Frame right) =>
        left.Length == right.Length && text.Slice(left.Offset, left.Length).SequenceEqual(text.Slice(right.Offset, right.Length));
}
