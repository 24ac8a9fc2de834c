using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Audio;

/// <summary>The text that a speech request has spoken.</summary>
public static class SpeechText
{
    /// <summary>The characters of <c>input</c>, decoded; <c>null</c>: the body has none, or it is no string.</summary>
    /// <remarks>
    /// Unicode scalar values: what a provider's own limit of characters counts (Python's <c>len</c>), and what does not depend on how the text
    /// is encoded. UTF-16 code units would charge for an emoji twice.
    /// </remarks>
    /// <param name="body">A body that an index has accepted.</param>
    public static long? Characters(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestIndex.MaxDepth + 1 });
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isInput = reader.ValueTextEquals("input"u8);
            reader.Read();
            if (isInput)
                return reader.TokenType is JsonTokenType.String ? Count(reader.ValueSpan) : null;
            reader.Skip();
        }

        return null;
    }

    // A byte that does not continue a character begins one; an escape is one character, but for the second half of a surrogate pair.
    private static long Count(ReadOnlySpan<byte> raw)
    {
        long count = 0;
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] == '\\')
            {
                at++;
                if (raw[at] == 'u')
                {
                    var isSecondHalf = raw[at + 1] is (byte)'d' or (byte)'D' && raw[at + 2] is >= (byte)'c' and <= (byte)'f' or >= (byte)'C' and <= (byte)'F';
                    count -= isSecondHalf ? 1 : 0;
                    at += 4;
                }

                count++;
            }
            else if ((raw[at] & 0xC0) != 0x80)
            {
                count++;
            }
        }

        return count;
    }
}
