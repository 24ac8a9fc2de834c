using System.Globalization;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Multipart;

/// <summary>Finds the parts of a <c>multipart/form-data</c> body that lies in one buffer (RFC 2046, section 5.1; RFC 7578).</summary>
/// <remarks>
/// Linear: the delimiter begins with a line feed, which no boundary has, so occurrences never overlap. One that some readers would take for
/// a delimiter and others for content (behind a bare line feed, or with something behind it) is refused.
/// </remarks>
internal ref struct MultipartReader
{
    /// <summary>The most parts of a body.</summary>
    public const int MaxParts = 64;

    /// <summary>The longest header of a part. Unit: bytes.</summary>
    public const int MaxHeaderBytes = 8 * 1024;

    private readonly ReadOnlySpan<byte> _body;
    private readonly ReadOnlySpan<byte> _delimiter;
    private readonly List<MultipartPart> _parts;

    private MultipartReader(ReadOnlySpan<byte> body, ReadOnlySpan<byte> delimiter, List<MultipartPart> parts)
    {
        _body = body;
        _delimiter = delimiter;
        _parts = parts;
    }

    /// <summary>Reads a body; <c>null</c>: it is accepted, else why it is not.</summary>
    /// <param name="body">The body.</param>
    /// <param name="delimiter">What <see cref="MultipartBoundary"/> made.</param>
    /// <param name="parts">Receives the parts, in their order.</param>
    public static string? Read(ReadOnlySpan<byte> body, ReadOnlySpan<byte> delimiter, List<MultipartPart> parts) =>
        new MultipartReader(body, delimiter, parts).Read();

    private readonly string? Read()
    {
        // The first delimiter may stand at the very start, without a line before it.
        var dashes = _body.StartsWith(_delimiter[1..]) ? 0 : NextDashes(0, out _);
        if (dashes < 0)
            return "The body has no part. Send multipart/form-data with the boundary that its content type names.";

        var open = -1;
        while (true)
        {
            if (dashes > 0 && (dashes < 2 || _body[dashes - 2] != '\r'))
                return "The body has its boundary behind a bare line feed. End lines with CR and LF.";
            if (open >= 0 && AddPart(open, dashes) is { } mistake)
                return mistake;

            var behind = _body[(dashes + _delimiter.Length - 1)..];
            var isLast = behind.StartsWith("--"u8);
            if (isLast)
                behind = behind[2..];
            if (!behind.StartsWith("\r\n"u8) && !(isLast && behind.IsEmpty))
                return "The body has its boundary with something behind it. Choose another boundary.";
            if (isLast)
                return HasMore(dashes + _delimiter.Length + 1) ? "The body goes on with its boundary behind the closing one." : null;

            open = dashes;
            dashes = NextDashes(dashes + _delimiter.Length - 1, out var isThere);
            if (!isThere)
                return "The body ends without its closing boundary. Send it whole.";
        }
    }

    private readonly int NextDashes(int from, out bool isThere)
    {
        var found = _body[from..].IndexOf(_delimiter);
        isThere = found >= 0;
        return isThere ? from + found + 1 : -1;
    }

    private readonly bool HasMore(int from)
    {
        NextDashes(from, out var isThere);
        return isThere;
    }

    private readonly string? AddPart(int open, int next)
    {
        var number = (_parts.Count + 1).ToString(CultureInfo.InvariantCulture);
        if (_parts.Count == MaxParts)
            return $"The body has more than {MaxParts} parts. Send fewer.";

        // Behind the delimiter and its line end, to the line end that belongs to the next one.
        var start = open + _delimiter.Length + 1;
        var end = next - 2;
        if (end < start)
            return $"Part {number} of the body has no header.";
        var part = _body[start..end];
        var length = part[..Math.Min(part.Length, MaxHeaderBytes + 4)].IndexOf("\r\n\r\n"u8);
        if (length < 0)
            return $"Part {number} of the body has no header that ends within {MaxHeaderBytes} bytes.";
        if (PartHeaders.TryRead(part[..length], out var headers) is { } mistake)
            return $"Part {number} of the body {mistake}.";

        var value = ByteRange.Between(start + length + 4, end);
        _parts.Add(new MultipartPart(headers.Name, headers.FileName, headers.ContentType, value, ByteRange.Between(open, next)));
        return null;
    }
}
