namespace Gateway.Transforms.Tokens;

/// <summary>Exact token counts of text under one of OpenAI's encodings. Thread safe; allocates nothing once loaded.</summary>
/// <remarks>Special tokens such as <c>&lt;|endoftext|&gt;</c> are plain text, as tiktoken's <c>encode_ordinary</c> has it.</remarks>
public sealed class TokenCounter
{
    private static readonly Lazy<TokenCounter> O200k = new(static () => new(TokenEncoding.O200k));
    private static readonly Lazy<TokenCounter> Cl100k = new(static () => new(TokenEncoding.Cl100k));

    private readonly RankTable _ranks;
    private readonly PieceCountCache _cache = new();

    private TokenCounter(TokenEncoding encoding)
    {
        Encoding = encoding;
        _ranks = RankTable.Load(encoding);
    }

    /// <summary>The encoding that this counter counts with.</summary>
    public TokenEncoding Encoding { get; }

    /// <summary>The counter of an encoding. The first call loads its ranks, which takes some 30 ms and 5.4 MB (cl100k 3 MB).</summary>
    public static TokenCounter For(TokenEncoding encoding) => (encoding == TokenEncoding.O200k ? O200k : Cl100k).Value;

    /// <summary>Number of tokens of a text. Unit: tokens. Zero for none; bytes that are not UTF-8 count as symbols and never throw.</summary>
    /// <param name="utf8">The text, unescaped.</param>
    public int Count(ReadOnlySpan<byte> utf8) =>
        Encoding == TokenEncoding.O200k ? Count<O200kSplitter>(utf8) : Count<Cl100kSplitter>(utf8);

    private int Count<TSplitter>(ReadOnlySpan<byte> text) where TSplitter : struct, IPieceSplitter
    {
        var tokens = 0;
        for (var start = 0; start < text.Length;)
        {
            var end = TSplitter.End(text, start);
            tokens += CountPiece(text[start..end]);
            start = end;
        }

        return tokens;
    }

    private int CountPiece(ReadOnlySpan<byte> piece)
    {
        // In prose and JSON, 80 to 95% of the pieces are one token: a look-up of the whole comes first.
        if (piece.Length == 1 || _ranks.Of(piece) != RankTable.NotAToken) return 1;
        if (piece.Length > PieceMerge.LongestPiece) return LongPieceMerge.Count(_ranks, piece);
        if (piece.Length > PieceCountCache.LongestPiece) return PieceMerge.Count(_ranks, piece);

        var slot = _cache.Find(piece);
        if (_cache.Read(slot) is var kept and > 0) return kept;
        var count = PieceMerge.Count(_ranks, piece);
        _cache.Write(slot, count);
        return count;
    }
}
