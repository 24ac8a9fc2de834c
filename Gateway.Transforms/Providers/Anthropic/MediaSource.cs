using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Addresses of images and files as Anthropic's sources: https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support.</summary>
internal static class MediaSource
{
    private const int LongestMediaType = 64;

    /// <summary>Writes the source of an image; false if its address is none that Anthropic takes.</summary>
    public static bool TryWriteImage(JsonPiece url, IBufferWriter<byte> output)
    {
        if (!url.IsText)
            return false;

        return WithoutEscapes(url, output, static (text, output) =>
        {
            if (TryWriteData(text, "image/"u8, output))
                return true;
            if (!text.StartsWith("https://"u8) && !text.StartsWith("http://"u8))
                return false;

            output.Write("{\"type\":\"url\",\"url\":\""u8);
            output.WriteEscaped(text);
            output.Write("\"}"u8);
            return true;
        });
    }

    /// <summary>Writes the source of a PDF file; false if the data is none.</summary>
    public static bool TryWritePdf(JsonPiece data, IBufferWriter<byte> output) =>
        data.IsText && WithoutEscapes(data, output, static (text, output) => TryWriteData(text, "application/pdf"u8, output));

    // data:image/png;base64,…
    private static bool TryWriteData(ReadOnlySpan<byte> text, ReadOnlySpan<byte> mediaType, IBufferWriter<byte> output)
    {
        if (!text.StartsWith("data:"u8))
            return false;

        var rest = text["data:"u8.Length..];
        var end = rest[..Math.Min(rest.Length, LongestMediaType)].IndexOf(";base64,"u8);
        if (end < 0 || !rest[..end].StartsWith(mediaType))
            return false;

        output.Write("{\"type\":\"base64\",\"media_type\":\""u8);
        output.WriteEscaped(rest[..end]);
        output.Write("\",\"data\":\""u8);
        output.WriteEscaped(rest[(end + ";base64,"u8.Length)..]);
        output.Write("\"}"u8);
        return true;
    }

    // Some clients escape every slash.
    private static bool WithoutEscapes(JsonPiece text, IBufferWriter<byte> output, SourceWriter write)
    {
        if (!text.Inner.Contains((byte)'\\'))
            return write(text.Inner, output);

        var buffer = ArrayPool<byte>.Shared.Rent(text.Inner.Length);
        try
        {
            return write(buffer.AsSpan(0, JsonText.Unescape(text.Inner, buffer)), output);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private delegate bool SourceWriter(ReadOnlySpan<byte> text, IBufferWriter<byte> output);
}
