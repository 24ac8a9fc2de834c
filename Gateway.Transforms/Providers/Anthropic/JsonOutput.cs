using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Writes pieces of JSON that were read, and the little that is made anew.</summary>
internal static class JsonOutput
{
    private static readonly SearchValues<byte> Escapes = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(static i => (byte)i), (byte)'"', (byte)'\\']);

    /// <summary>A text between quotes, without them: what JSON cannot hold is escaped.</summary>
    public static void WriteEscaped(this IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        while (text.IndexOfAny(Escapes) is var plain and >= 0)
        {
            output.Write(text[..plain]);
            WriteEscape(output, text[plain]);
            text = text[(plain + 1)..];
        }

        output.Write(text);
    }

    /// <summary>A string with its quotes.</summary>
    public static void WriteText(this IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        output.WriteEscaped(Encoding.UTF8.GetBytes(text));
        output.Write("\""u8);
    }

    /// <summary>A whole number.</summary>
    public static void WriteCount(this IBufferWriter<byte> output, long number)
    {
        const int longestNumber = 20;
        Utf8Formatter.TryFormat(number, output.GetSpan(longestNumber), out var written);
        output.Advance(written);
    }

    /// <summary>JSON on one line, as an event's data: between two tokens a line feed is as good as a space.</summary>
    public static void WriteOnOneLine(this IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        var line = output.GetSpan(json.Length);
        json.CopyTo(line);
        line[..json.Length].Replace((byte)'\n', (byte)' ');
        line[..json.Length].Replace((byte)'\r', (byte)' ');
        output.Advance(json.Length);
    }

    /// <summary>Writes the object that a string spells, or <c>{}</c> for an empty one; false, and nothing written, if it spells no object.</summary>
    public static bool TryWriteSpelledObject(this IBufferWriter<byte> output, JsonPiece text)
    {
        if (!text.IsText)
            return false;
        if (!text.HasText)
        {
            output.Write("{}"u8);
            return true;
        }

        var spelled = ArrayPool<byte>.Shared.Rent(text.Inner.Length);
        try
        {
            var json = spelled.AsSpan(0, JsonText.Unescape(text.Inner, spelled));
            if (!IsObject(json))
                return false;

            output.Write(json);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(spelled);
        }
    }

    private static bool IsObject(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = RequestIndex.MaxDepth });
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return false;

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteEscape(IBufferWriter<byte> output, byte letter)
    {
        switch (letter)
        {
            case (byte)'"':
                output.Write("\\\""u8);
                break;
            case (byte)'\\':
                output.Write("\\\\"u8);
                break;
            case (byte)'\n':
                output.Write("\\n"u8);
                break;
            default:
                var digits = "0123456789abcdef"u8;
                output.Write([(byte)'\\', (byte)'u', (byte)'0', (byte)'0', digits[letter >> 4], digits[letter & 15]]);
                break;
        }
    }
}
