using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>One JSON value where it stands, so that it can be written on byte for byte. <c>default</c>: absent.</summary>
internal readonly ref struct JsonPiece(ReadOnlySpan<byte> raw, JsonTokenType type)
{
    private const int MostBytesOfLetter = 6;

    /// <summary>The value's bytes; a string's with its quotes.</summary>
    public ReadOnlySpan<byte> Raw { get; } = raw;

    /// <summary>True if there is a value and it is not null.</summary>
    public bool IsPresent => type is not (JsonTokenType.None or JsonTokenType.Null);

    /// <summary>True for a string.</summary>
    public bool IsText => type is JsonTokenType.String;

    /// <summary>True for a string that is not empty.</summary>
    public bool HasText => IsText && Raw.Length > 2;

    /// <summary>True for an object.</summary>
    public bool IsObject => type is JsonTokenType.StartObject;

    /// <summary>True for an array.</summary>
    public bool IsArray => type is JsonTokenType.StartArray;

    /// <summary>True for a number.</summary>
    public bool IsNumber => type is JsonTokenType.Number;

    /// <summary>True for <c>true</c>.</summary>
    public bool IsTrue => type is JsonTokenType.True;

    /// <summary>True for <c>false</c>.</summary>
    public bool IsFalse => type is JsonTokenType.False;

    /// <summary>A string's bytes between its quotes, escapes as they stand.</summary>
    public ReadOnlySpan<byte> Inner => Raw[1..^1];

    /// <summary>Whether a string is this word, however it is spelled.</summary>
    public bool Is(ReadOnlySpan<byte> word)
    {
        if (!IsText)
            return false;
        if (!Inner.Contains((byte)'\\'))
            return Inner.SequenceEqual(word);
        if (Inner.Length > word.Length * MostBytesOfLetter)
            return false;

        Span<byte> text = stackalloc byte[Inner.Length];
        return text[..JsonText.Unescape(Inner, text)].SequenceEqual(word);
    }

    /// <summary>A member of an object; absent if there is none, or this is no object.</summary>
    public JsonPiece Member(ReadOnlySpan<byte> name)
    {
        var found = default(JsonPiece);
        var members = new JsonMembers(this);
        while (members.Next())
        {
            if (members.Name.SequenceEqual(name))
                found = members.Value;
        }

        return found;
    }
}

/// <summary>The members of a JSON object, in order; none for anything else.</summary>
internal ref struct JsonMembers
{
    // Twice a request's depth, as for answers: refusing one loses a paid call.
    public static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;

    /// <exception cref="JsonException">The bytes are no JSON; the same from <see cref="Next"/>.</exception>
    public JsonMembers(ReadOnlySpan<byte> json)
    {
        _json = json;
        _reader = new Utf8JsonReader(json, Options);
        IsObject = _reader.Read() && _reader.TokenType is JsonTokenType.StartObject;
    }

    public JsonMembers(JsonPiece piece)
    {
        if (piece.IsObject)
            this = new JsonMembers(piece.Raw);
    }

    /// <summary>False if there is no object.</summary>
    public bool IsObject { get; }

    /// <summary>The member's name, decoded.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Its value.</summary>
    public JsonPiece Value { get; private set; }

    /// <summary>Moves on; false at the end.</summary>
    public bool Next()
    {
        if (!IsObject)
            return false;
        if (!_reader.Read() || _reader.TokenType is not JsonTokenType.PropertyName)
        {
            // Throws if something stands behind the object.
            _reader.Read();
            return false;
        }

        Name = _reader.ValueIsEscaped ? Unescaped(_reader.ValueSpan) : _reader.ValueSpan;
        Value = JsonElements.Take(ref _reader, _json);
        return true;
    }

    private static byte[] Unescaped(ReadOnlySpan<byte> name)
    {
        var text = new byte[name.Length];
        return text[..JsonText.Unescape(name, text)];
    }

    /// <summary>The <c>error</c> of an upstream's error body, which both APIs call so; false if it has no message to tell.</summary>
    /// <exception cref="JsonException">The body is no JSON object.</exception>
    public static bool TryFindError(ReadOnlySpan<byte> body, out JsonPiece error)
    {
        var members = new JsonMembers(body);
        error = default;
        while (members.Next())
            error = members.Name.SequenceEqual("error"u8) ? members.Value : error;
        return error.Member("message"u8).HasText;
    }
}

/// <summary>The elements of a JSON array, in order; none for anything else.</summary>
internal ref struct JsonElements
{
    private readonly ReadOnlySpan<byte> _json;
    private readonly bool _isArray;
    private Utf8JsonReader _reader;

    public JsonElements(JsonPiece piece)
    {
        if (!piece.IsArray)
            return;

        _json = piece.Raw;
        _reader = new Utf8JsonReader(_json, JsonMembers.Options);
        _isArray = _reader.Read();
    }

    /// <summary>The element.</summary>
    public JsonPiece Value { get; private set; }

    /// <summary>Moves on; false at the end.</summary>
    public bool Next()
    {
        if (!_isArray || !_reader.Read() || _reader.TokenType is JsonTokenType.EndArray)
            return false;

        Value = Piece(ref _reader, _json);
        return true;
    }

    internal static JsonPiece Take(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        reader.Read();
        return Piece(ref reader, json);
    }

    private static JsonPiece Piece(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var (start, type) = ((int)reader.TokenStartIndex, reader.TokenType);
        reader.Skip();
        return new JsonPiece(json[start..(int)reader.BytesConsumed], type);
    }
}
