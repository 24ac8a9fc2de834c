using System.Buffers;
using System.Buffers.Text;

namespace Gateway.Transforms.Compression;

/// <summary>Writes text as a JSON string with the fewest escapes: quotes, backslashes and control characters only.</summary>
/// <remarks>An encoder that also escapes other characters would cost bytes, and tokens where an upstream counts the body as it came.</remarks>
internal static class JsonStringLiteral
{
    private const int UnicodeEscapeLength = 6;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(static b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>The string, quotes included.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> utf8)
    {
        var literal = new byte[Length(utf8)];
        literal[0] = literal[^1] = (byte)'"';
        var target = literal.AsSpan(1);
        while (utf8.IndexOfAny(Escaped) is var at and >= 0)
        {
            utf8[..at].CopyTo(target);
            target = target[at..];
            target = target[Escape(utf8[at], target)..];
            utf8 = utf8[(at + 1)..];
        }

        utf8.CopyTo(target);
        return literal;
    }

    private static int Length(ReadOnlySpan<byte> utf8)
    {
        var length = utf8.Length + 2;
        while (utf8.IndexOfAny(Escaped) is var at and >= 0)
        {
            length += Short(utf8[at]) == 0 ? UnicodeEscapeLength - 1 : 1;
            utf8 = utf8[(at + 1)..];
        }

        return length;
    }

    private static int Escape(byte b, Span<byte> target)
    {
        target[0] = (byte)'\\';
        target[1] = Short(b);
        if (target[1] != 0) return 2;
        "u00"u8.CopyTo(target[1..]);
        Utf8Formatter.TryFormat(b, target[4..], out _, new StandardFormat('x', 2));
        return UnicodeEscapeLength;
    }

    private static byte Short(byte b) => b switch
    {
        (byte)'"' or (byte)'\\' => b,
        (byte)'\n' => (byte)'n',
        (byte)'\r' => (byte)'r',
        (byte)'\t' => (byte)'t',
        (byte)'\b' => (byte)'b',
        (byte)'\f' => (byte)'f',
        _ => 0,
    };
}
