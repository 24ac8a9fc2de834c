namespace Gateway.Transforms.Compression;

/// <summary>What must come out of instructions as it went in: digits, URLs, and the words that forbid, demand or except.</summary>
internal ref struct SystemFacts(ReadOnlySpan<byte> text)
{
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
        var bytes = _text;
        var at = _at;
        while (at < bytes.Length)
        {
            var start = at;
            var first = bytes[at++];
            bool isFact;
            if (IsLetter(first))
            {
                while (at < bytes.Length && IsLetter(bytes[at])) at++;
                isFact = ConstraintWords.Holds(bytes[start..at]);
            }
            else if (IsDigit(first))
            {
                while (at < bytes.Length && IsDigit(bytes[at])) at++;
                isFact = true;
            }
            else if (first == (byte)':')
            {
                isFact = bytes[at..].StartsWith("//"u8);
                while (isFact && at < bytes.Length && bytes[at] > (byte)' ' && bytes[at] is not ((byte)')' or (byte)'>' or (byte)'"')) at++;
            }
            else
            {
                // "n't" of any verb.
                isFact = first == (byte)'\'' && at < bytes.Length && (bytes[at] | 0x20) == 't';
            }

            if (!isFact) continue;
            Current = bytes[start..at];
            _at = at;
            return true;
        }

        _at = at;
        return false;
    }

    private static bool IsLetter(byte b) => (uint)((b | 0x20) - 'a') < 26;

    private static bool IsDigit(byte b) => (uint)(b - '0') < 10;
}
