using System.Buffers;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Anthropic's images and documents as parts of chat messages: https://platform.openai.com/docs/guides/images-vision and …/pdf-files.</summary>
internal static class ChatMedia
{
    /// <summary>Whether a block is an image or a document.</summary>
    public static bool IsMedia(JsonPiece type) => type.Is("image"u8) || type.Is("document"u8);

    /// <summary>Writes what the user says as parts, with the media of tools' answers among them; false if a medium is none that chat has.</summary>
    public static bool TryWriteParts(JsonPiece content, IBufferWriter<byte> output)
    {
        var written = 0;
        output.Write("["u8);
        var isWritten = TryWriteAll(content, ref written, texts: true, output);
        output.Write("]"u8);
        return isWritten;
    }

    private static bool TryWriteAll(JsonPiece content, ref int written, bool texts, IBufferWriter<byte> output)
    {
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var block = blocks.Value;
            var type = block.Member("type"u8);
            var isWritten = true;
            if (type.Is("tool_result"u8))
            {
                isWritten = TryWriteAll(block.Member("content"u8), ref written, texts: false, output);
            }
            else if (texts && type.Is("text"u8))
            {
                output.Write(written++ == 0 ? "{\"type\":\"text\",\"text\":"u8 : ",{\"type\":\"text\",\"text\":"u8);
                output.Write(block.Member("text"u8) is { IsText: true } text ? text.Raw : "\"\""u8);
                output.Write("}"u8);
            }
            else if (IsMedia(type))
            {
                output.Write(written++ == 0 ? default : ","u8);
                isWritten = TryWriteMedia(block, type.Is("image"u8), output);
            }

            if (!isWritten)
                return false;
        }

        return true;
    }

    private static bool TryWriteMedia(JsonPiece block, bool isImage, IBufferWriter<byte> output)
    {
        var source = block.Member("source"u8);
        var type = source.Member("type"u8);
        var data = source.Member("data"u8);
        var mediaType = source.Member("media_type"u8);
        if (isImage && type.Is("url"u8) && source.Member("url"u8) is { HasText: true } url)
        {
            output.Write("{\"type\":\"image_url\",\"image_url\":{\"url\":"u8);
            output.Write(url.Raw);
            output.Write("}}"u8);
            return true;
        }

        if (!isImage && type.Is("text"u8) && data.IsText)
        {
            output.Write("{\"type\":\"text\",\"text\":"u8);
            output.Write(data.Raw);
            output.Write("}"u8);
            return true;
        }

        if (!type.Is("base64"u8) || !data.HasText || !mediaType.HasText)
            return false;

        output.Write(isImage ? "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:"u8 : "{\"type\":\"file\",\"file\":{\"filename\":\"document.pdf\",\"file_data\":\"data:"u8);
        output.Write(mediaType.Inner);
        output.Write(";base64,"u8);
        output.Write(data.Inner);
        output.Write("\"}}"u8);
        return true;
    }
}
