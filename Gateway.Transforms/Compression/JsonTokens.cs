using System.Text.Json;

namespace Gateway.Transforms.Compression;

/// <summary>Compares JSON token by token.</summary>
internal static class JsonTokens
{
    /// <summary>True if both texts are the same tokens, byte for byte, in the same order.</summary>
    public static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        try
        {
            var l = new Utf8JsonReader(left, JsonTable.AnyDepth);
            var r = new Utf8JsonReader(right, JsonTable.AnyDepth);
            while (l.Read())
            {
                if (!r.Read() || l.TokenType != r.TokenType || !l.ValueSpan.SequenceEqual(r.ValueSpan)) return false;
            }

            return !r.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>True if both texts hold, line by line, the same tokens.</summary>
    public static bool SameLines(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var l = new LineReader(left);
        var r = new LineReader(right);
        while (l.Read())
        {
            if (!r.Read()) return false;
            var isBlank = l.Line.Trim(" \t\r"u8).IsEmpty;
            if (isBlank ? !r.Line.IsEmpty : !Same(l.Line, r.Line)) return false;
        }

        return !r.Read();
    }
}
