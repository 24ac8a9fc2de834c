using System.Text.Json;

namespace Gateway.Transforms.Tokens;

/// <summary>Steps over JSON values that stay where they are in the body.</summary>
internal static class JsonWalk
{
    // The body was parsed under the request's own limit of depth; here depth costs one bit a level.
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    public static Utf8JsonReader Open(ReadOnlySpan<byte> json) => new(json, AnyDepth);

    /// <summary>The string or property name that the reader stands on.</summary>
    public static JsonText Text(scoped in Utf8JsonReader reader) => new(reader.ValueSpan, reader.ValueIsEscaped);

    /// <summary>Skips the value that the reader stands on and returns it as it stands in <paramref name="json"/>.</summary>
    public static ReadOnlySpan<byte> Raw(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    /// <summary>Moves to the next item of an array; false at its end.</summary>
    public static bool NextItem(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType != JsonTokenType.EndArray;

    /// <summary>Moves to the next property's name; false at the object's end.</summary>
    public static bool NextProperty(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;
}
