using System.Text;
using System.Text.Unicode;

namespace Gateway.Transforms.Multipart;

/// <summary>The header lines of one part.</summary>
/// <remarks>Whatever two readers could take for two things is refused: the price of a call must not depend on who reads it.</remarks>
internal ref struct PartHeaders
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>The field; empty: there is no <c>Content-Disposition: form-data</c>.</summary>
    public string Name { get; private set; }

    /// <summary>The file's name.</summary>
    public string? FileName { get; private set; }

    /// <summary>The part's own content type.</summary>
    public string? ContentType { get; private set; }

    /// <summary>Reads the lines; <c>null</c>: they are accepted, else what is wrong with them.</summary>
    /// <param name="lines">All of them, without the empty one behind.</param>
    /// <param name="headers">What they say.</param>
    public static string? TryRead(ReadOnlySpan<byte> lines, out PartHeaders headers)
    {
        headers = new PartHeaders { Name = "" };
        if (!Utf8.IsValid(lines))
            return "is not UTF-8";

        var dispositions = 0;
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf("\r\n"u8);
            var line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 2)..];
            var colon = line.IndexOf((byte)':');
            if (colon < 1 || line[0] is (byte)' ' or (byte)'\t' || HasControl(line))
                return "has a line that is no header";

            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (Is(line[..colon], "content-disposition") && (++dispositions > 1 || !headers.TryReadDisposition(value)))
                return "must have one Content-Disposition of form-data with one name";
            if (Is(line[..colon], "content-transfer-encoding") && !Is(value, "binary") && !Is(value, "8bit") && !Is(value, "7bit"))
                return "must not have a Content-Transfer-Encoding";
            if (Is(line[..colon], "content-type"))
                headers.ContentType = Encoding.UTF8.GetString(value);
        }

        return headers.Name.Length > 0 ? null : "must have one Content-Disposition of form-data with one name";
    }

    private static bool Is(ReadOnlySpan<byte> text, string word) => Ascii.EqualsIgnoreCase(text, word);

    private static bool HasControl(ReadOnlySpan<byte> line)
    {
        foreach (var next in line)
        {
            if (next is < 0x20 and not (byte)'\t' or 0x7F)
                return true;
        }

        return false;
    }

    private bool TryReadDisposition(ReadOnlySpan<byte> value)
    {
        _rest = value;
        if (!Is(Token(), "form-data"))
            return false;

        while (Skip((byte)';'))
        {
            var name = Token();
            if (name.IsEmpty || !Skip((byte)'=') || !TryReadValue(out var text))
                return false;

            // name* would be a second name to those that know it.
            if (Is(name, "name*") || (Is(name, "name") && Name.Length > 0) || (Is(name, "filename") && FileName is not null))
                return false;
            if (Is(name, "name"))
                Name = text;
            else if (Is(name, "filename") || Is(name, "filename*"))
                FileName ??= text;
        }

        return _rest.IsEmpty;
    }

    private ReadOnlySpan<byte> Token()
    {
        _rest = _rest.TrimStart(" \t"u8);
        var end = _rest.IndexOfAny(" \t;=\""u8);
        var token = end < 0 ? _rest : _rest[..end];
        _rest = _rest[token.Length..].TrimStart(" \t"u8);
        return token;
    }

    private bool Skip(byte mark)
    {
        if (_rest.IsEmpty || _rest[0] != mark)
            return false;

        _rest = _rest[1..].TrimStart(" \t"u8);
        return true;
    }

    private bool TryReadValue(out string text)
    {
        if (_rest.IsEmpty || _rest[0] != '"')
        {
            text = Encoding.UTF8.GetString(Token());
            return true;
        }

        // A backslash takes away the meaning of a quote and of a backslash, of nothing else: Windows has them in its paths.
        var written = new StringBuilder();
        for (var at = 1; at < _rest.Length; at++)
        {
            if (_rest[at] == '"')
            {
                text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(written.ToString()));
                _rest = _rest[(at + 1)..].TrimStart(" \t"u8);
                return true;
            }

            if (_rest[at] == '\\' && at + 1 < _rest.Length && _rest[at + 1] is (byte)'"' or (byte)'\\')
                at++;
            written.Append((char)_rest[at]);
        }

        text = "";
        return false;
    }
}
