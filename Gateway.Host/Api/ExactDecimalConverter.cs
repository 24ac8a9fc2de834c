using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Host.Api;

/// <summary>Reads a number exactly as it is written, or refuses it: <see cref="decimal"/> itself would round the 29th digit away.</summary>
internal sealed class ExactDecimalConverter : JsonConverter<decimal>
{
    private const int MostCharacters = 40;
    private const int MostDigits = 28;

    /// <inheritdoc/>
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var mayBeText = options.NumberHandling.HasFlag(JsonNumberHandling.AllowReadingFromString);
        if (reader.TokenType != JsonTokenType.Number && !(mayBeText && reader.TokenType == JsonTokenType.String))
            throw new JsonException("is not a number.");

        var text = Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan);
        return TryParse(text, out var value) ? value : throw new JsonException("is not a number that can be kept exactly.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.ToString("0.############################", CultureInfo.InvariantCulture));

    /// <summary>Reads a JSON number without rounding.</summary>
    public static bool TryParse(string text, out decimal value)
    {
        value = 0;
        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (text.Length is 0 or > MostCharacters || !decimal.TryParse(text, Styles, CultureInfo.InvariantCulture, out value))
            return false;

        var exponentAt = text.AsSpan().IndexOfAny('e', 'E');
        var mantissa = exponentAt < 0 ? text.AsSpan() : text.AsSpan(0, exponentAt);
        var exponent = 0;
        if (exponentAt >= 0 && !int.TryParse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
            return false;

        var point = mantissa.IndexOf('.');
        var decimals = point < 0 ? 0 : mantissa.Length - point - 1;
        return mantissa.Length <= MostDigits && Math.Abs(exponent) <= MostDigits && decimals - exponent <= MostDigits;
    }
}

/// <summary>Reads <c>true</c> and <c>false</c> from configuration's text.</summary>
internal sealed class TextBooleanConverter : JsonConverter<bool>
{
    /// <inheritdoc/>
    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.String when bool.TryParse(reader.GetString(), out var value) => value,
        _ => throw new JsonException("is neither true nor false."),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);
}
