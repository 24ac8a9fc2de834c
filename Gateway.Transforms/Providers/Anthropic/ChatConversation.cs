using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Messages of a chat request as Anthropic's: roles alternate, content is blocks, tool results are the user's, system stands apart.</summary>
/// <remarks>System messages go to the front wherever they stood, as in Anthropic's own layer for OpenAI's SDKs. Names of speakers are left out.</remarks>
internal static class ChatConversation
{
    private const string AllowedRoles = "messages may have the roles system, developer, user, assistant, tool and function";

    /// <summary>Writes <c>messages</c> and <c>system</c>, or says what cannot be written.</summary>
    public static BodyError Write(JsonPiece messages, IBufferWriter<byte> output)
    {
        var blocks = new BlockWriter(output);
        var hasSystem = false;
        var oldCalls = 0;
        var all = new JsonElements(messages);
        while (all.Next())
        {
            var message = new ChatMessage(all.Value);
            hasSystem |= message.IsSystem;
            var error = message.IsSystem ? Refusal.None : WriteMessage(message, ref blocks, ref oldCalls);
            if (error.IsRefused())
                return error;
        }

        blocks.End();
        if (blocks.IsEmpty)
            return Refusal.Of("messages", "messages must hold a user or assistant message that is not empty: this model's provider demands one.");
        return hasSystem ? WriteSystem(messages, output) : Refusal.None;
    }

    private static BodyError WriteMessage(in ChatMessage message, ref BlockWriter blocks, ref int oldCalls)
    {
        if (message.Role.Is("user"u8))
            return ChatContent.Write(message.Content, BlockWriter.User, ref blocks);
        if (message.Role.Is("assistant"u8))
            return WriteAssistant(message, ref blocks, ref oldCalls);
        if (message.Role.Is("tool"u8))
            return WriteResult(message, ref blocks, oldCalls);
        return message.Role.Is("function"u8)
            ? WriteResult(message, ref blocks, oldCalls)
            : Refusal.Shape("messages", AllowedRoles, message.Role);
    }

    private static BodyError WriteAssistant(in ChatMessage message, ref BlockWriter blocks, ref int oldCalls)
    {
        var error = ChatContent.Write(message.Content, BlockWriter.Assistant, ref blocks);
        if (!error.IsRefused() && !message.Content.IsPresent)
            error = ChatContent.Write(message.Refused, BlockWriter.Assistant, ref blocks);

        var calls = new JsonElements(message.ToolCalls);
        while (!error.IsRefused() && calls.Next())
        {
            var function = calls.Value.Member("function"u8);
            blocks.BeginCall();
            error = function.IsObject
                ? WriteCall(function, calls.Value.Member("id"u8), 0, blocks.Output)
                : Refusal.Of("messages", "messages may hold tool calls of functions only: this model's provider has no other.");
        }

        if (!error.IsRefused() && message.FunctionCall.IsObject)
        {
            blocks.BeginCall();
            error = WriteCall(message.FunctionCall, default, ++oldCalls, blocks.Output);
        }

        return error;
    }

    private static BodyError WriteCall(JsonPiece function, JsonPiece id, int oldCall, IBufferWriter<byte> output)
    {
        output.Write("{\"type\":\"tool_use\",\"id\":"u8);
        if (!TryWriteId(id, oldCall, output))
            return Refusal.Of("messages", "messages must not hold a tool call without an id.");
        var name = function.Member("name"u8);
        if (!name.HasText)
            return Refusal.Of("messages", "messages must not hold a tool call without a name.");

        output.Write(",\"name\":"u8);
        output.Write(name.Raw);
        output.Write(",\"input\":"u8);
        if (!output.TryWriteSpelledObject(function.Member("arguments"u8)))
            return Refusal.Of("messages", "messages must not hold a tool call whose arguments are no JSON object: this model's provider takes nothing else.");
        output.Write("}"u8);
        return Refusal.None;
    }

    private static BodyError WriteResult(in ChatMessage message, ref BlockWriter blocks, int oldCall)
    {
        var output = blocks.Output;
        blocks.Begin(BlockWriter.User);
        output.Write("{\"type\":\"tool_result\",\"tool_use_id\":"u8);
        if (!TryWriteId(message.ToolCallId, oldCall, output))
            return Refusal.Of("messages", "messages must not hold a tool's answer without a tool_call_id.");

        var error = ChatContent.WriteResult(message.Content, output);
        output.Write("}"u8);
        return error;
    }

    // Functions of old requests have no id: the answer is to the last call.
    private static bool TryWriteId(JsonPiece id, int oldCall, IBufferWriter<byte> output)
    {
        if (id.HasText)
        {
            ToolId.Write(id, output);
            return true;
        }

        if (oldCall == 0)
            return false;

        output.Write("\"function_"u8);
        output.WriteCount(oldCall);
        output.Write("\""u8);
        return true;
    }

    private static BodyError WriteSystem(JsonPiece messages, IBufferWriter<byte> output)
    {
        var blocks = new BlockWriter(output, ",\"system\":["u8);
        var all = new JsonElements(messages);
        while (all.Next())
        {
            var message = new ChatMessage(all.Value);
            var error = message.IsSystem ? ChatContent.Write(message.Content, BlockWriter.System, ref blocks) : Refusal.None;
            if (error.IsRefused())
                return error;
        }

        if (!blocks.IsEmpty)
            output.Write("]"u8);
        return Refusal.None;
    }

    /// <summary>The members of a message.</summary>
    private readonly ref struct ChatMessage
    {
        public ChatMessage(JsonPiece message)
        {
            var members = new JsonMembers(message);
            while (members.Next())
            {
                var name = members.Name;
                var value = members.Value;
                if (name.SequenceEqual("role"u8)) Role = value;
                else if (name.SequenceEqual("content"u8)) Content = value;
                else if (name.SequenceEqual("tool_calls"u8)) ToolCalls = value;
                else if (name.SequenceEqual("tool_call_id"u8)) ToolCallId = value;
                else if (name.SequenceEqual("function_call"u8)) FunctionCall = value;
                else if (name.SequenceEqual("refusal"u8)) Refused = value;
            }
        }

        public JsonPiece Role { get; }

        public JsonPiece Content { get; }

        public JsonPiece ToolCalls { get; }

        public JsonPiece ToolCallId { get; }

        public JsonPiece FunctionCall { get; }

        public JsonPiece Refused { get; }

        public bool IsSystem => Role.Is("system"u8) || Role.Is("developer"u8);
    }
}
