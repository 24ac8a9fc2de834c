using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>A text of a request that may be compressed.</summary>
/// <param name="Value">The JSON string, quotes included, as an offset in the body.</param>
/// <param name="Role">Who wrote it.</param>
/// <param name="IsPrefix">True before the first message that is no instruction: with the tools, the part that every turn sends first.</param>
public readonly record struct EditableText(ByteRange Value, BlockRole Role, bool IsPrefix);

/// <summary>
/// Finds the instructions and the tools' answers of a request, in the forms of <c>/v1/chat/completions</c> and <c>/v1/responses</c>. Nothing else is
/// ever named: no text of a user or of the model, no call, no tool's definition, no reasoning, no image.
/// </summary>
public static class EditableTexts
{
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>Texts of a body, in their order. A body whose messages are not an array has none.</summary>
    /// <param name="body">One JSON object that was accepted by <see cref="RequestIndex"/>.</param>
    public static List<EditableText> Read(ReadOnlySpan<byte> body)
    {
        var texts = new List<EditableText>();
        var isPrefix = true;
        var reader = new Utf8JsonReader(body, AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isMessages = reader.ValueTextEquals("messages"u8) || reader.ValueTextEquals("input"u8);
            var isInstructions = !isMessages && reader.ValueTextEquals("instructions"u8);
            reader.Read();
            if (isMessages && reader.TokenType is JsonTokenType.StartArray) ReadMessages(ref reader, texts, ref isPrefix);
            else if (isInstructions && reader.TokenType is JsonTokenType.String) texts.Add(new EditableText(Range(reader), BlockRole.System, IsPrefix: true));
            else reader.Skip();
        }

        return texts;
    }

    private static void ReadMessages(ref Utf8JsonReader reader, List<EditableText> texts, ref bool isPrefix)
    {
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is JsonTokenType.StartObject) ReadMessage(ref reader, texts, ref isPrefix);
            else reader.Skip();
        }
    }

    // The role may stand behind the content: texts are taken back if it is none of ours.
    private static void ReadMessage(ref Utf8JsonReader reader, List<EditableText> texts, ref bool isPrefix)
    {
        var first = texts.Count;
        var role = MessageRole.Other;
        var isOutput = false;
        var textsAreOutput = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var member = MemberOf(reader);
            reader.Read();
            switch (member)
            {
                case Member.Role when reader.TokenType is JsonTokenType.String:
                    role = RoleOf(reader);
                    break;
                case Member.Type when reader.TokenType is JsonTokenType.String:
                    isOutput = reader.ValueTextEquals("function_call_output"u8) || reader.ValueTextEquals("custom_tool_call_output"u8);
                    break;
                case Member.Content or Member.Output when texts.Count == first:
                    textsAreOutput = member is Member.Output;
                    ReadContent(ref reader, texts);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        // An item of the responses format has either a role and content, or a type and output.
        var isTool = isOutput ? textsAreOutput : role is MessageRole.Tool && !textsAreOutput;
        var isSystem = role is MessageRole.System && !isOutput && !textsAreOutput;
        isPrefix &= isSystem;
        if (!isTool && !isSystem)
        {
            texts.RemoveRange(first, texts.Count - first);
            return;
        }

        for (var i = first; i < texts.Count; i++)
            texts[i] = new EditableText(texts[i].Value, isTool ? BlockRole.Tool : BlockRole.System, isPrefix);
    }

    private static void ReadContent(ref Utf8JsonReader reader, List<EditableText> texts)
    {
        if (reader.TokenType is JsonTokenType.String)
        {
            texts.Add(new EditableText(Range(reader), default, IsPrefix: false));
            return;
        }

        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is JsonTokenType.StartObject) ReadPart(ref reader, texts);
            else reader.Skip();
        }
    }

    private static void ReadPart(ref Utf8JsonReader reader, List<EditableText> texts)
    {
        var isText = false;
        var text = default(ByteRange);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var member = MemberOf(reader);
            reader.Read();
            if (member is Member.Type && reader.TokenType is JsonTokenType.String) isText = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("input_text"u8);
            else if (member is Member.Text && reader.TokenType is JsonTokenType.String) text = Range(reader);
            else reader.Skip();
        }

        if (isText && text.IsPresent) texts.Add(new EditableText(text, default, IsPrefix: false));
    }

    private enum Member
    {
        Other,
        Role,
        Type,
        Content,
        Output,
        Text,
    }

    private enum MessageRole
    {
        Other,
        System,
        Tool,
    }

    private static Member MemberOf(in Utf8JsonReader reader) =>
        reader.ValueTextEquals("role"u8) ? Member.Role
        : reader.ValueTextEquals("type"u8) ? Member.Type
        : reader.ValueTextEquals("content"u8) ? Member.Content
        : reader.ValueTextEquals("output"u8) ? Member.Output
        : reader.ValueTextEquals("text"u8) ? Member.Text
        : Member.Other;

    private static MessageRole RoleOf(in Utf8JsonReader reader) =>
        reader.ValueTextEquals("system"u8) || reader.ValueTextEquals("developer"u8) ? MessageRole.System
        : reader.ValueTextEquals("tool"u8) || reader.ValueTextEquals("function"u8) ? MessageRole.Tool
        : MessageRole.Other;

    private static ByteRange Range(in Utf8JsonReader reader) => ByteRange.Between((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
}
