using System.Text.Json;

namespace Gateway.Transforms.Compression;

/// <summary>What a block is, and so which pipeline it goes through.</summary>
internal enum BlockKind
{
    Text,

    /// <summary>One JSON object or array.</summary>
    Json,

    /// <summary>JSON objects or arrays, one on a line.</summary>
    JsonLines,

    Html,

    /// <summary>A unified diff.</summary>
    Diff,

    /// <summary>Most lines start with a time.</summary>
    Log,

    /// <summary>JSON in which an array was already made a table: nothing is done to it again.</summary>
    Table,
}

/// <summary>Finds the kind of a block: its first byte, then one pass at most for each kind that is possible.</summary>
internal static class BlockKinds
{
    private const int LeastClosingTags = 10;
    private const int ProbedLines = 200;
    private const int LeastLogPercent = 60;
    private const int LeastLogLines = 5;

    // Depth costs the reader one bit a level; blocks are at most 4 MB.
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>The kind of a block.</summary>
    public static BlockKind Of(ReadOnlySpan<byte> block)
    {
        var start = block.TrimStart(" \t\r\n"u8);
        if (start.IsEmpty) return BlockKind.Text;
        if (JsonTable.Occurs(start)) return BlockKind.Table;
        if (start[0] is (byte)'{' or (byte)'[')
        {
            if (IsJson(start)) return BlockKind.Json;
            if (IsJsonLines(start)) return BlockKind.JsonLines;
        }

        if (IsHtml(start)) return BlockKind.Html;
        if (IsDiff(start)) return BlockKind.Diff;
        return IsLog(start) ? BlockKind.Log : BlockKind.Text;
    }

    /// <summary>True if the bytes are one JSON value.</summary>
    public static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes, AnyDepth);
            while (reader.Read())
            {
            }

            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsJsonLines(ReadOnlySpan<byte> block)
    {
        var values = 0;
        var lines = new LineReader(block);
        while (lines.Read())
        {
            var line = lines.Line.Trim(" \t\r"u8);
            if (line.IsEmpty) continue;
            if (line[0] is not ((byte)'{' or (byte)'[') || !IsJson(line)) return false;
            values++;
        }

        return values > 1;
    }

    private static bool IsHtml(ReadOnlySpan<byte> block)
    {
        var page = HtmlTag.PageStart(block);
        if (page < 0) return false;
        var tags = 0;
        var rest = block[page..];
        while (tags < LeastClosingTags && rest.IndexOf("</"u8) is var at and >= 0)
        {
            rest = rest[(at + 2)..];
            tags++;
        }

        return tags == LeastClosingTags;
    }

    private static bool IsDiff(ReadOnlySpan<byte> block)
    {
        if (block.StartsWith("diff --git "u8)) return block.IndexOf("\n@@ -"u8) >= 0 || block.IndexOf("\nindex "u8) >= 0;
        return block.StartsWith("--- "u8) && block.IndexOf("\n+++ "u8) >= 0 && block.IndexOf("\n@@ -"u8) >= 0;
    }

    private static bool IsLog(ReadOnlySpan<byte> block)
    {
        var seen = 0;
        var stamped = 0;
        var lines = new LineReader(block);
        while (seen < ProbedLines && lines.Read())
        {
            if (lines.Line.IsEmpty || Marker.Is(lines.Line)) continue;
            seen++;
            if (Timestamp.Read(lines.Line).Length > 0) stamped++;
        }

        return seen >= LeastLogLines && stamped * 100 >= seen * LeastLogPercent;
    }
}
