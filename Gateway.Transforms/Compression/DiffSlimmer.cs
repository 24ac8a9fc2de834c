using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Medium, for unified diffs: drops the lines of a header that name blobs and similarity. Hunks are never touched.</summary>
internal static class DiffSlimmer
{
    /// <summary>Appends the diff without them.</summary>
    public static void Write(ReadOnlySpan<byte> diff, PooledBuffer output)
    {
        var inHeader = false;
        var lines = new LineReader(diff);
        while (lines.Read())
        {
            if (lines.Line.StartsWith("diff --git "u8)) inHeader = true;
            else if (lines.Line.StartsWith("@@ "u8)) inHeader = false;
            if (!inHeader || !IsNoise(lines.Line)) output.Write(lines.Whole);
        }
    }

    private static bool IsNoise(ReadOnlySpan<byte> line) =>
        (line.StartsWith("index "u8) && line.IndexOf(".."u8) > 0) || line.StartsWith("similarity index "u8) || line.StartsWith("dissimilarity index "u8);
}
