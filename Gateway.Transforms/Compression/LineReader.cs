namespace Gateway.Transforms.Compression;

/// <summary>The lines of a text, without their line feeds. A text that ends with a line feed has no empty line behind it.</summary>
internal ref struct LineReader(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _next;

    /// <summary>The line, without its line feed.</summary>
    public ReadOnlySpan<byte> Line { get; private set; }

    /// <summary>Where the line starts in the text. Unit: bytes.</summary>
    public int Offset { get; private set; }

    /// <summary>False for a last line without a line feed.</summary>
    public bool HasBreak { get; private set; }

    /// <summary>The line with its line feed, if it has one.</summary>
    public readonly ReadOnlySpan<byte> Whole => _text[Offset.._next];

    /// <summary>Moves to the next line; false behind the last one.</summary>
    public bool Read()
    {
        if (_next >= _text.Length) return false;
        Offset = _next;
        var rest = _text[_next..];
        var length = rest.IndexOf((byte)'\n');
        HasBreak = length >= 0;
        Line = HasBreak ? rest[..length] : rest;
        _next = HasBreak ? _next + length + 1 : _text.Length;
        return true;
    }
}
