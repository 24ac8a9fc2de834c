using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Light, for JSON: removes white space between tokens. Tokens stay byte for byte: no number, key or escape is rewritten.</summary>
internal static class JsonMinifier
{
    private static readonly SearchValues<byte> Stops = SearchValues.Create(" \n\r\t\""u8);

    /// <summary>Appends one JSON value without its insignificant white space. The input is JSON that a reader has accepted.</summary>
    public static void Write(ReadOnlySpan<byte> json, PooledBuffer output)
    {
        var target = output.GetSpan(json.Length);
        var written = 0;
        while (json.IndexOfAny(Stops) is var at and >= 0)
        {
            var kept = json[at] == (byte)'"' ? at + StringLength(json[at..]) : at;
            json[..kept].CopyTo(target[written..]);
            written += kept;
            json = json[kept..];
            if (kept == at) json = json[BlankLength(json)..];
        }

        json.CopyTo(target[written..]);
        output.Advance(written + json.Length);
    }

    /// <summary>Appends JSON values that stand one on a line, each minified, and the line feeds between them.</summary>
    public static void WriteLines(ReadOnlySpan<byte> lines, PooledBuffer output)
    {
        var reader = new LineReader(lines);
        while (reader.Read())
        {
            Write(reader.Line, output);
            if (reader.HasBreak) output.Write("\n"u8);
        }
    }

    // From the opening quote to behind the closing one.
    private static int StringLength(ReadOnlySpan<byte> json)
    {
        var at = 1;
        while (true)
        {
            at += json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[at] == (byte)'"') return at + 1;
            at += 2;
        }
    }

    private static int BlankLength(ReadOnlySpan<byte> json)
    {
        var length = 1;
        while (length < json.Length && json[length] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') length++;
        return length;
    }
}
