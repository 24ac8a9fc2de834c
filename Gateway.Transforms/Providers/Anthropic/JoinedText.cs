using System.Buffers;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>The texts of a content as one string.</summary>
internal static class JoinedText
{
    /// <summary>Stands between texts that a person or a program put there one by one.</summary>
    public static ReadOnlySpan<byte> Paragraphs => "\\n\\n"u8;

    /// <summary>Stands between texts of a model, which citations cut in the middle of a sentence.</summary>
    public static ReadOnlySpan<byte> Sentences => default;

    /// <summary>Whether a content of blocks holds a text that is not empty.</summary>
    public static bool HasAny(JsonPiece content)
    {
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            if (blocks.Value.Member("text"u8).HasText)
                return true;
        }

        return false;
    }

    /// <summary>Writes a content that is a string, or the texts of one that is blocks or parts; an empty string for anything else.</summary>
    public static void Write(JsonPiece content, ReadOnlySpan<byte> between, IBufferWriter<byte> output)
    {
        if (content.IsText)
        {
            output.Write(content.Raw);
            return;
        }

        output.Write("\""u8);
        var isFirst = true;
        var blocks = new JsonElements(content);
        while (blocks.Next())
        {
            var text = blocks.Value.Member("type"u8).Is("text"u8) ? blocks.Value.Member("text"u8) : default;
            if (!text.HasText)
                continue;

            output.Write(isFirst ? default : between);
            output.Write(text.Inner);
            isFirst = false;
        }

        output.Write("\""u8);
    }
}
