using System.Buffers;
using System.Text;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Medium, for HTML in tool output: the text that a browser would show, with <c>#</c> for headings, <c>-</c> for list items, <c>|</c> between cells,
/// absolute links behind their text, and the alternative text of images. Scripts, styles, drawings, frames and comments are dropped.
/// </summary>
internal ref struct HtmlText
{
    // Each costs at most the longest tag to read.
    private const int MostBrokenTags = 64;

    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t\r\n"u8);
    private static readonly SearchValues<byte> Stops = SearchValues.Create("&\t\r\n"u8);

    private readonly PooledBuffer _output;
    private readonly int _start;
    private ReadOnlySpan<byte> _href;
    private int _linkStart;
    private int _breaks;
    private bool _space;
    private int _pre;

    private HtmlText(PooledBuffer output)
    {
        _output = output;
        _start = output.Length;
    }

    /// <summary>Appends the text of a page.</summary>
    public static void Write(ReadOnlySpan<byte> html, PooledBuffer output)
    {
        var text = new HtmlText(output);
        var broken = 0;
        while (html.IndexOf((byte)'<') is var at and >= 0)
        {
            text.AddText(html[..at]);
            html = html[at..];
            if (html.StartsWith("<!--"u8))
            {
                var rest = Behind(html, "-->"u8);
                // Servers write what went wrong into comments.
                if (Severity.Marks(html[..^rest.Length])) text.AddText(html[..^rest.Length]);
                html = rest;
                continue;
            }

            var tag = broken < MostBrokenTags ? HtmlTag.Read(html) : default;
            if (tag.Length == 0)
            {
                broken++;
                text.AddText(html[..1]);
                html = html[1..];
                continue;
            }

            html = tag.IsClosing ? html[tag.Length..] : BehindHidden(html, tag);
            text.AddTag(tag);
        }

        text.AddText(html);
        text._output.Write("\n"u8);
    }

    // Behind the tag, or behind the whole element if nothing of it is shown.
    private static ReadOnlySpan<byte> BehindHidden(ReadOnlySpan<byte> html, HtmlTag tag)
    {
        var rest = html[tag.Length..];
        Span<byte> buffer = stackalloc byte[16];
        var name = tag.LowerName(buffer);
        var isHidden = name.Length switch
        {
            3 => name.SequenceEqual("svg"u8),
            5 => name.SequenceEqual("style"u8),
            6 => name.SequenceEqual("script"u8) || name.SequenceEqual("iframe"u8),
            8 => name.SequenceEqual("noscript"u8) || name.SequenceEqual("template"u8),
            _ => false,
        };
        if (!isHidden || html[tag.Length - 2] == (byte)'/') return rest;
        while (rest.IndexOf("</"u8) is var at and >= 0)
        {
            rest = rest[(at + 2)..];
            if (rest.Length >= name.Length && Ascii.EqualsIgnoreCase(rest[..name.Length], name)) return Behind(rest, ">"u8);
        }

        return default;
    }

    private void AddTag(HtmlTag tag)
    {
        Span<byte> buffer = stackalloc byte[16];
        var name = tag.LowerName(buffer);
        if (name.Length == 1)
        {
            if (name[0] == (byte)'a') AddLink(tag);
            else if (name[0] == (byte)'p') Break(2);
        }
        else if (name.Length == 2 && name[0] == (byte)'h' && name[1] is >= (byte)'1' and <= (byte)'6')
        {
            Break(2);
            if (!tag.IsClosing) AddMark("###### "u8[(6 - (name[1] - '0'))..]);
        }
        else if (name.SequenceEqual("li"u8) && !tag.IsClosing)
        {
            Break(1);
            AddMark("- "u8);
        }
        else if (name.SequenceEqual("td"u8) || name.SequenceEqual("th"u8))
        {
            if (!tag.IsClosing) return;
            AddMark(" |"u8);
            _space = true;
        }
        else if (name.SequenceEqual("img"u8))
        {
            AddText(tag.Attribute("alt"u8));
        }
        else if (name.SequenceEqual("pre"u8))
        {
            Break(1);
            _pre = Math.Max(0, _pre + (tag.IsClosing ? -1 : 1));
        }
        else if (IsBlock(name))
        {
            Break(1);
        }
    }

    private static bool IsBlock(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("br"u8) || name.SequenceEqual("hr"u8) || name.SequenceEqual("tr"u8) || name.SequenceEqual("ul"u8) || name.SequenceEqual("ol"u8)
            || name.SequenceEqual("dt"u8) || name.SequenceEqual("dd"u8) || name.SequenceEqual("dl"u8) || name.SequenceEqual("li"u8),
        3 => name.SequenceEqual("div"u8) || name.SequenceEqual("nav"u8),
        4 => name.SequenceEqual("form"u8) || name.SequenceEqual("main"u8) || name.SequenceEqual("head"u8) || name.SequenceEqual("body"u8),
        5 => name.SequenceEqual("table"u8) || name.SequenceEqual("title"u8) || name.SequenceEqual("tbody"u8) || name.SequenceEqual("thead"u8) || name.SequenceEqual("aside"u8),
        6 => name.SequenceEqual("header"u8) || name.SequenceEqual("footer"u8) || name.SequenceEqual("figure"u8) || name.SequenceEqual("option"u8) || name.SequenceEqual("button"u8),
        7 => name.SequenceEqual("section"u8) || name.SequenceEqual("article"u8),
        10 => name.SequenceEqual("blockquote"u8) || name.SequenceEqual("figcaption"u8),
        _ => false,
    };

    private void AddLink(HtmlTag tag)
    {
        if (!tag.IsClosing)
        {
            var href = tag.Attribute("href"u8);
            _href = href.IndexOf("://"u8) > 0 ? href : default;
            _linkStart = _output.Length;
            return;
        }

        if (_href.IsEmpty) return;
        var text = _output.WrittenSpan[_linkStart..].Trim(Space);
        if (!text.IsEmpty && !text.SequenceEqual(_href))
        {
            AddMark(" ("u8);
            _output.Write(_href);
            _output.Write(")"u8);
        }

        _href = default;
    }

    private static ReadOnlySpan<byte> Space => " \n"u8;

    private void Break(int lines)
    {
        _breaks = Math.Max(_breaks, lines);
        _space = false;
    }

    private void AddMark(ReadOnlySpan<byte> mark)
    {
        Separate();
        _output.Write(mark);
        _space = false;
    }

    private void AddText(ReadOnlySpan<byte> text)
    {
        if (_pre > 0 && !text.IsEmpty)
        {
            Separate();
            _output.Write(text);
            return;
        }

        Span<byte> decoded = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            var plain = text[..PlainLength(text)];
            AddWord(plain);
            text = text[plain.Length..];
            if (text.IsEmpty) break;
            if (text[0] == (byte)'&')
            {
                var read = HtmlEntity.Read(text, decoded, out var written);
                AddWord(read > 0 ? decoded[..written] : text[..1]);
                text = text[Math.Max(read, 1)..];
                continue;
            }

            _space = true;
            var next = text.IndexOfAnyExcept(Blanks);
            text = next < 0 ? default : text[next..];
        }
    }

    // Words with single blanks between them are copied as they are.
    private static int PlainLength(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAny(Stops);
        end = end < 0 ? text.Length : end;
        if (text[0] == (byte)' ') return 0;
        var twoBlanks = text[..end].IndexOf("  "u8);
        end = twoBlanks < 0 ? end : twoBlanks;
        return end > 0 && text[end - 1] == (byte)' ' ? end - 1 : end;
    }

    private void AddWord(scoped ReadOnlySpan<byte> word)
    {
        if (word.IsEmpty) return;
        Separate();
        _output.Write(word);
    }

    // Line breaks and blanks wait until something follows them.
    private void Separate()
    {
        if (_output.Length == _start) _breaks = 0;
        else if (_breaks > 0) _output.Write("\n\n"u8[.._breaks]);
        else if (_space) _output.Write(" "u8);
        _breaks = 0;
        _space = false;
    }

    private static ReadOnlySpan<byte> Behind(ReadOnlySpan<byte> text, ReadOnlySpan<byte> end) => text.IndexOf(end) is var at and >= 0 ? text[(at + end.Length)..] : default;
}
