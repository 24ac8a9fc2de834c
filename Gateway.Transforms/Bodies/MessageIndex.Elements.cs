using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>One element: its members in any order, then what they make it.</content>
public sealed partial class MessageIndex
{
    private MessageFault ReadElement(ref Utf8JsonReader reader, MessageFormat format)
    {
        var start = _offset + (int)reader.TokenStartIndex;
        var element = default(Element);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Classify(ref reader);
            reader.Read();
            ReadMember(ref reader, key, ref element);
        }

        if (element.IsOdd)
        {
            return MessageFault.UnknownShape;
        }

        var value = ByteRange.Between(start, _offset + (int)reader.BytesConsumed);
        return element.HasRole || format is MessageFormat.Chat
            ? AddMessage(value, element, format)
            : AddItem(value, element);
    }

    private void ReadMember(ref Utf8JsonReader reader, Word key, ref Element element)
    {
        switch (key)
        {
            case Word.Role:
                element.HasRole = true;
                element.Role = ReadWord(ref reader);
                break;
            case Word.Type:
                element.Type = ReadWord(ref reader);
                break;
            case Word.Content when reader.TokenType is JsonTokenType.StartArray:
                ReadBlocks(ref reader, ref element);
                break;
            case Word.ToolCalls:
                ReadToolCalls(ref reader, ref element);
                break;
            case Word.FunctionCall when reader.TokenType is not JsonTokenType.Null:
                // The form before tool_calls: one call, answered by the next message of role function.
                element.IsOdd |= reader.TokenType is not JsonTokenType.StartObject || element.Calls > 0;
                element.Calls++;
                Mark(default, isResult: false);
                reader.Skip();
                break;
            case Word.ToolCallId or Word.CallId or Word.ApprovalRequestId:
                element.AnswersTo = ReadId(ref reader);
                element.HasCallId = true;
                break;
            case Word.Id:
                element.Id = ReadId(ref reader);
                break;
            case Word.SignedThinking:
                // OpenRouter's reasoning_details and LiteLLM's thinking_blocks carry the signatures of other providers.
                element.IsSigned |= reader.TokenType is JsonTokenType.StartArray;
                reader.Skip();
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private void ReadToolCalls(ref Utf8JsonReader reader, ref Element element)
    {
        if (reader.TokenType is JsonTokenType.Null)
        {
            return;
        }

        // A call that stands both here and in a content block could not be told from two calls.
        element.IsOdd |= reader.TokenType is not JsonTokenType.StartArray || element.Calls > 0;
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            element.IsOdd |= reader.TokenType is not JsonTokenType.StartObject;
            element.Calls++;
            Mark(ReadBlock(ref reader).Id, isResult: false);
        }
    }

    private void ReadBlocks(ref Utf8JsonReader reader, ref Element element)
    {
        var callsBefore = element.Calls;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            var block = ReadBlock(ref reader);
            switch (block.Type)
            {
                case Word.ToolUse:
                    element.IsOdd |= callsBefore > 0;
                    element.Calls++;
                    Mark(block.Id, isResult: false);
                    break;
                case Word.ToolResult:
                    element.Results++;
                    Mark(block.AnswersTo, isResult: true);
                    break;
                default:
                    element.IsSigned |= block.IsSigned;
                    element.HoldsMore = true;
                    break;
            }
        }
    }

    private Element ReadBlock(ref Utf8JsonReader reader)
    {
        var block = default(Element);
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return block;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = Classify(ref reader);
            reader.Read();
            switch (key)
            {
                case Word.Type:
                    block.Type = ReadWord(ref reader);
                    block.IsSigned |= block.Type is Word.RedactedThinking;
                    break;
                case Word.Id:
                    block.Id = ReadId(ref reader);
                    break;
                case Word.ToolUseId:
                    block.AnswersTo = ReadId(ref reader);
                    break;
                case Word.Signature:
                    block.IsSigned |= reader.TokenType is JsonTokenType.String && reader.ValueSpan.Length > 0;
                    reader.Skip();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return block;
    }

    private MessageFault AddMessage(ByteRange value, in Element element, MessageFormat format)
    {
        var isItem = format is MessageFormat.Responses;
        if (isItem && element.Type is not (Word.None or Word.Message))
        {
            return MessageFault.UnknownKind;
        }

        switch (element.Role)
        {
            case Word.System or Word.User or Word.Tool or Word.Function when element.Calls > 0:
            case Word.System or Word.Assistant or Word.Tool or Word.Function when element.Results > 0:
                return MessageFault.UnknownShape;
            case Word.System:
                return Add(new MessageEntry(value, MessageKind.System));
            case Word.User when element.Results > 0:
                return Add(new MessageEntry(value, MessageKind.Results, HoldsUserText: element.HoldsMore));
            case Word.User:
                return Add(new MessageEntry(value, MessageKind.User));
            case Word.Assistant:
                var kind = element.Calls > 0 ? MessageKind.Calls : MessageKind.Model;
                return Add(new MessageEntry(value, kind, element.Calls, IsSigned: element.IsSigned, IsItem: isItem));
            case Word.Tool or Word.Function when !isItem:
                Mark(element.AnswersTo, isResult: true);
                return Add(new MessageEntry(value, MessageKind.Results));
            default:
                return element.Role is Word.None ? MessageFault.NoRole : MessageFault.UnknownKind;
        }
    }

    private MessageFault AddItem(ByteRange value, in Element element)
    {
        switch (element.Type)
        {
            case Word.FunctionCall or Word.ClientCall when element.HasCallId:
                Mark(element.AnswersTo, isResult: false);
                return Add(new MessageEntry(value, MessageKind.Calls, CallCount: 1, IsItem: true));
            case Word.ApprovalRequest:
                Mark(element.Id, isResult: false);
                return Add(new MessageEntry(value, MessageKind.Calls, CallCount: 1, IsItem: true));
            case Word.CallOutput or Word.ApprovalResponse:
                Mark(element.AnswersTo, isResult: true);
                return Add(new MessageEntry(value, MessageKind.Results));
            case Word.Reasoning or Word.ListedTools or Word.ClientCall:
                // A call without a call_id (a web search, say) was answered where it was made.
                return Add(new MessageEntry(value, MessageKind.Model, IsItem: true));
            default:
                return element.Type is Word.None or Word.Message ? MessageFault.NoRole : MessageFault.UnknownKind;
        }
    }

    private static Word ReadWord(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.String)
        {
            return Classify(ref reader);
        }

        reader.Skip();
        return Word.None;
    }

    // An id that is empty, no string, or spelled with escapes counts as absent: its place then says which call is meant.
    private ByteRange ReadId(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.String && !reader.ValueIsEscaped && reader.ValueSpan.Length > 0)
        {
            return new ByteRange(_offset + (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
        }

        reader.Skip();
        return default;
    }

    /// <summary>What the members of an element, or of a content block, say.</summary>
    private struct Element
    {
        public bool HasRole;
        public Word Role;
        public Word Type;
        public ByteRange Id;
        public ByteRange AnswersTo;
        public bool HasCallId;
        public int Calls;
        public int Results;
        public bool HoldsMore;
        public bool IsSigned;
        public bool IsOdd;
    }
}
