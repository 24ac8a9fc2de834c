using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Ids of tool calls: OpenAI takes any text, Anthropic <c>^[a-zA-Z0-9_-]+$</c>. What it does not take becomes an underscore, in the call and in its answer alike.</summary>
internal static class ToolId
{
    /// <summary>Writes an id with its quotes.</summary>
    public static void Write(JsonPiece id, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        var text = output.GetSpan(id.Inner.Length);
        var length = JsonText.Unescape(id.Inner, text);
        foreach (ref var letter in text[..length])
        {
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'_' or (byte)'-'))
                letter = (byte)'_';
        }

        output.Advance(length);
        output.Write("\""u8);
    }
}
