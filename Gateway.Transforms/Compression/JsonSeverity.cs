using System.Text.Json;

namespace Gateway.Transforms.Compression;

/// <summary>Rows of JSON that report a fault.</summary>
internal static class JsonSeverity
{
    /// <summary>True if a string holds a severity word, or a key does whose value is not empty: <c>"error_count":0</c> reports none.</summary>
    public static bool Marks(ReadOnlySpan<byte> json)
    {
        if (!Severity.Marks(json)) return false;
        var reader = new Utf8JsonReader(json, JsonTable.AnyDepth);
        var isSevereKey = false;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    isSevereKey = Severity.Marks(reader.ValueSpan);
                    continue;
                case JsonTokenType.String when Severity.Marks(reader.ValueSpan) || (isSevereKey && reader.ValueSpan.Length > 0):
                case JsonTokenType.True when isSevereKey:
                case JsonTokenType.Number when isSevereKey && reader.ValueSpan.IndexOfAnyInRange((byte)'1', (byte)'9') >= 0:
                    return true;
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    // The values inside count by themselves, and as what the key names.
                    continue;
                default:
                    isSevereKey = false;
                    continue;
            }
        }

        return false;
    }
}
