using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>The content of chat messages as Anthropic's blocks. Empty texts are left out: Anthropic refuses them, and nothing is lost.</summary>
internal static class ChatContent
{
    private const string Unknown = "messages may hold text, images and PDF files: this model's provider takes nothing else";

    /// <summary>Writes the blocks of a message: a text, or the parts that may stand under its role.</summary>
    public static BodyError Write(JsonPiece content, byte role, ref BlockWriter blocks)
    {
        if (content.IsText)
        {
            WriteText(content, default, role, ref blocks);
            return Refusal.None;
        }

        if (content.IsPresent && !content.IsArray)
            return Refusal.Shape("messages", "messages must hold content that is a string or an array", content);

        var parts = new JsonElements(content);
        while (parts.Next())
        {
            var error = WritePart(parts.Value, role, ref blocks);
            if (error.IsRefused())
                return error;
        }

        return Refusal.None;
    }

    /// <summary>Writes the content of a tool's answer, with the comma before it. A mark for the cache goes to the answer as a whole: parts cannot have one.</summary>
    public static BodyError WriteResult(JsonPiece content, IBufferWriter<byte> output)
    {
        if (content.IsText)
        {
            output.Write(",\"content\":"u8);
            output.Write(content.Raw);
            return Refusal.None;
        }

        var blocks = new BlockWriter(output, ",\"content\":["u8);
        var cacheControl = default(JsonPiece);
        var parts = new JsonElements(content);
        while (parts.Next())
        {
            var error = WritePart(parts.Value, BlockWriter.System, ref blocks, marks: false);
            if (error.IsRefused())
                return error;
            cacheControl = parts.Value.Member("cache_control"u8) is { IsObject: true } mark ? mark : cacheControl;
        }

        if (!blocks.IsEmpty)
            output.Write("]"u8);
        ChatTools.WriteCacheControl(cacheControl, output);
        return Refusal.None;
    }

    private static BodyError WritePart(JsonPiece part, byte role, ref BlockWriter blocks, bool marks = true)
    {
        var type = part.Member("type"u8);
        var cacheControl = marks ? part.Member("cache_control"u8) : default;
        if (type.Is("text"u8) || type.Is("refusal"u8))
        {
            var text = part.Member(type.Is("text"u8) ? "text"u8 : "refusal"u8);
            if (!text.IsText)
                return Refusal.Shape("messages", "messages must not hold a text part without a text", part);
            WriteText(text, cacheControl, role, ref blocks);
            return Refusal.None;
        }

        var isImage = type.Is("image_url"u8);
        if (role == BlockWriter.Assistant || (!isImage && !type.Is("file"u8)))
            return Refusal.Shape("messages", Unknown, type);

        blocks.Begin(role);
        blocks.Output.Write(isImage ? "{\"type\":\"image\",\"source\":"u8 : "{\"type\":\"document\",\"source\":"u8);
        var source = isImage ? part.Member("image_url"u8) : part.Member("file"u8);
        var isWritten = isImage
            ? MediaSource.TryWriteImage(source.IsText ? source : source.Member("url"u8), blocks.Output)
            : MediaSource.TryWritePdf(source.Member("file_data"u8), blocks.Output);
        if (!isWritten)
            return Refusal.Of("messages", isImage ? "messages must hold images as http or https addresses, or as data:image/…;base64." : "messages must hold files as file_data with data:application/pdf;base64.");

        ChatTools.WriteCacheControl(cacheControl, blocks.Output);
        blocks.Output.Write("}"u8);
        return Refusal.None;
    }

    private static void WriteText(JsonPiece text, JsonPiece cacheControl, byte role, ref BlockWriter blocks)
    {
        if (!text.HasText)
            return;

        blocks.Begin(role);
        blocks.Output.Write("{\"type\":\"text\",\"text\":"u8);
        blocks.Output.Write(text.Raw);
        ChatTools.WriteCacheControl(cacheControl, blocks.Output);
        blocks.Output.Write("}"u8);
    }
}
