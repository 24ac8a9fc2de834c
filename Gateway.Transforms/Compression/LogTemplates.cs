using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Aggressive, for logs: of the lines that differ in their numbers only, the first two stay (with a severity word: five), and a note says how many more there were.</summary>
internal static class LogTemplates
{
    private const int Kept = 2;
    private const int KeptSevere = 5;
    private const int Unknown = -1;

    /// <summary>Appends the log, thinned out.</summary>
    public static void Write(ReadOnlySpan<byte> log, PooledBuffer output)
    {
        var table = new LineTable(log, masksDigits: true);
        var numbers = ArrayPool<int>.Shared.Rent(log.Count((byte)'\n') + 1);
        int[] seen = [];
        try
        {
            var line = 0;
            var lines = new LineReader(log);
            while (lines.Read()) numbers[line++] = IsKept(lines.Line) ? Unknown : AddMessage(ref table, lines);
            seen = ArrayPool<int>.Shared.Rent(Math.Max(table.Distinct, 1));
            seen.AsSpan(0, table.Distinct).Clear();
            WriteFirst(log, ref table, numbers, seen, output);
        }
        finally
        {
            table.Dispose();
            ArrayPool<int>.Shared.Return(numbers);
            if (seen.Length > 0) ArrayPool<int>.Shared.Return(seen);
        }
    }

    // The stamp is no part of the template: one with a date and one whose date was left out are the same.
    private static int AddMessage(ref LineTable table, in LineReader lines)
    {
        var stamp = Timestamp.Read(lines.Line).Length;
        return table.Add(lines.Offset + stamp, lines.Line.Length - stamp);
    }

    private static bool IsKept(ReadOnlySpan<byte> line) => line.IsEmpty || Marker.Is(line);

    private static void WriteFirst(ReadOnlySpan<byte> log, ref LineTable table, int[] numbers, int[] seen, PooledBuffer output)
    {
        Span<byte> marker = stackalloc byte[Marker.Longest];
        var line = 0;
        var lines = new LineReader(log);
        while (lines.Read())
        {
            var number = numbers[line++];
            if (number == Unknown)
            {
                output.Write(lines.Whole);
                continue;
            }

            var kept = Severity.Marks(lines.Line) ? KeptSevere : Kept;
            var rank = ++seen[number];
            if (rank <= kept) output.Write(lines.Whole);
            if (rank == kept && table.Count(number) > kept) output.Write(marker[..Marker.Write(marker, "[+"u8, table.Count(number) - kept, " more like this]\n"u8)]);
        }
    }
}
