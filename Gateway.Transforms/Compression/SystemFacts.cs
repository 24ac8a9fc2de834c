using System.Buffers;

namespace Gateway.Transforms.Compression;

/// <summary>What must come out of instructions as it went in: digits, URLs, and the words that forbid, demand or except.</summary>
internal ref struct SystemFacts(ReadOnlySpan<byte> text)
{
    // A fact starts with a digit, in "://", or with the first letter of a word below.
    private static readonly SearchValues<byte> Starts = SearchValues.Create("0123456789:nNmMoOuUeEwWcCaArRfFdDsS'"u8);

    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;

    /// <summary>The fact that the last <see cref="Read"/> came to.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>True if the text holds a fact.</summary>
    public static bool Occur(ReadOnlySpan<byte> text) => new SystemFacts(text).Read();

    /// <summary>True if both texts hold the same facts in the same order, so that no number changed its place either.</summary>
    public static bool Same(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var left = new SystemFacts(before);
        var right = new SystemFacts(after);
        while (true)
        {
            var more = left.Read();
            if (more != right.Read()) return false;
            if (!more) return true;
            if (!left.Current.SequenceEqual(right.Current)) return false;
        }
    }

    /// <summary>Moves to the next fact; false behind the last one.</summary>
    public bool Read()
    {
        while (_at < _text.Length)
        {
            var rest = _text[_at..];
            var skipped = rest.IndexOfAny(Starts);
            if (skipped < 0) break;
            rest = rest[skipped..];
            var length = FactLength(rest, _at + skipped == 0 ? (byte)' ' : _text[_at + skipped - 1]);
            _at += skipped + Math.Max(length, 1);
            if (length == 0) continue;
            Current = rest[..length];
            return true;
        }

        return false;
    }

    private static int FactLength(ReadOnlySpan<byte> text, byte before)
    {
        if ((uint)(text[0] - '0') < 10) return Run(text, static b => (uint)(b - '0') < 10);
        if (text[0] == (byte)':') return text.StartsWith("://"u8) ? Run(text, static b => b > (byte)' ' && b is not ((byte)')' or (byte)'>' or (byte)'"')) : 0;
        // "n't" of any verb.
        if (text[0] == (byte)'\'') return text.Length > 1 && (text[1] | 0x20) == 't' ? 2 : 0;
        if (IsLetter(before)) return 0;
        var length = Run(text, IsLetter);
        return ConstraintWords.Holds(text[..length]) ? length : 0;
    }

    private static bool IsLetter(byte b) => (uint)((b | 0x20) - 'a') < 26;

    private static int Run(ReadOnlySpan<byte> text, Func<byte, bool> belongs)
    {
        var length = 1;
        while (length < text.Length && belongs(text[length])) length++;
        return length;
    }
}
