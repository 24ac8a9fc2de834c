using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The names of members, roles and types that say what an element is.</content>
public sealed partial class MessageIndex
{
    private const int LongestWord = 48;
    private const int LongestEscape = 6;

    private enum Word
    {
        None,
        Other,
        Role,
        Type,
        Id,
        Content,
        Signature,
        SignedThinking,
        ToolCalls,
        ToolCallId,
        ToolUseId,
        CallId,
        ApprovalRequestId,
        System,
        User,
        Assistant,
        Tool,
        Function,
        ToolUse,
        ToolResult,
        RedactedThinking,
        Message,
        Reasoning,
        ListedTools,
        FunctionCall,
        ClientCall,
        CallOutput,
        ApprovalRequest,
        ApprovalResponse,
    }

    private static Word Classify(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return Classify(reader.ValueSpan);
        }

        if (reader.ValueSpan.Length > LongestWord * LongestEscape)
        {
            return Word.Other;
        }

        Span<byte> text = stackalloc byte[LongestWord * LongestEscape];
        return Classify(text[..JsonText.Unescape(reader.ValueSpan, text)]);
    }

    private static Word Classify(ReadOnlySpan<byte> text) => text.Length switch
    {
        2 when text.SequenceEqual("id"u8) => Word.Id,
        4 when text.SequenceEqual("role"u8) => Word.Role,
        4 when text.SequenceEqual("type"u8) => Word.Type,
        4 when text.SequenceEqual("user"u8) => Word.User,
        4 when text.SequenceEqual("tool"u8) => Word.Tool,
        6 when text.SequenceEqual("system"u8) => Word.System,
        7 when text.SequenceEqual("content"u8) => Word.Content,
        7 when text.SequenceEqual("call_id"u8) => Word.CallId,
        7 when text.SequenceEqual("message"u8) => Word.Message,
        8 when text.SequenceEqual("tool_use"u8) => Word.ToolUse,
        8 when text.SequenceEqual("function"u8) => Word.Function,
        9 when text.SequenceEqual("assistant"u8) => Word.Assistant,
        9 when text.SequenceEqual("developer"u8) => Word.System,
        9 when text.SequenceEqual("reasoning"u8) => Word.Reasoning,
        9 when text.SequenceEqual("signature"u8) => Word.Signature,
        10 when text.SequenceEqual("tool_calls"u8) => Word.ToolCalls,
        11 when text.SequenceEqual("tool_result"u8) => Word.ToolResult,
        11 when text.SequenceEqual("tool_use_id"u8) => Word.ToolUseId,
        12 when text.SequenceEqual("tool_call_id"u8) => Word.ToolCallId,
        13 when text.SequenceEqual("function_call"u8) => Word.FunctionCall,
        14 when text.SequenceEqual("mcp_list_tools"u8) => Word.ListedTools,
        15 when text.SequenceEqual("thinking_blocks"u8) => Word.SignedThinking,
        17 when text.SequenceEqual("reasoning_details"u8) => Word.SignedThinking,
        17 when text.SequenceEqual("redacted_thinking"u8) => Word.RedactedThinking,
        19 when text.SequenceEqual("approval_request_id"u8) => Word.ApprovalRequestId,
        20 when text.SequenceEqual("mcp_approval_request"u8) => Word.ApprovalRequest,
        21 when text.SequenceEqual("mcp_approval_response"u8) => Word.ApprovalResponse,
        _ when text.EndsWith("_call_output"u8) => Word.CallOutput,
        _ when text.EndsWith("_call"u8) => Word.ClientCall,
        _ => Word.Other,
    };
}
