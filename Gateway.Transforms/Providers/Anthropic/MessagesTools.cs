using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Anthropic's tools as functions of chat completions: https://platform.openai.com/docs/api-reference/chat/create.</summary>
internal static class MessagesTools
{
    /// <summary>Writes <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>, or says what cannot be written.</summary>
    public static BodyError Write(JsonPiece list, JsonPiece choice, IBufferWriter<byte> output)
    {
        var written = 0;
        var tools = new JsonElements(list);
        while (tools.Next())
        {
            var tool = tools.Value;
            var type = tool.Member("type"u8);
            var name = tool.Member("name"u8);
            if (!tool.IsObject || (type.IsPresent && !type.Is("custom"u8)))
                return Refusal.Of("tools", "tools must all be the client's own (type custom): this model's provider does not have Anthropic's.");
            if (!name.HasText)
                return Refusal.Of("tools", "tools must all have a name.");

            output.Write(written++ == 0 ? ",\"tools\":["u8 : ","u8);
            WriteTool(name, tool.Member("description"u8), tool.Member("input_schema"u8), output);
        }

        if (written == 0)
            return Refusal.None;

        output.Write("]"u8);
        return WriteChoice(choice, output);
    }

    private static void WriteTool(JsonPiece name, JsonPiece description, JsonPiece schema, IBufferWriter<byte> output)
    {
        output.Write("{\"type\":\"function\",\"function\":{\"name\":"u8);
        output.Write(name.Raw);
        if (description.IsText)
        {
            output.Write(",\"description\":"u8);
            output.Write(description.Raw);
        }

        if (schema.IsObject)
        {
            output.Write(",\"parameters\":"u8);
            output.Write(schema.Raw);
        }

        output.Write("}}"u8);
    }

    private static BodyError WriteChoice(JsonPiece choice, IBufferWriter<byte> output)
    {
        if (!choice.IsPresent)
            return Refusal.None;

        var type = choice.Member("type"u8);
        var name = choice.Member("name"u8);
        output.Write(",\"tool_choice\":"u8);
        if (type.Is("auto"u8) || type.Is("none"u8))
        {
            output.Write(type.Raw);
        }
        else if (type.Is("any"u8))
        {
            output.Write("\"required\""u8);
        }
        else if (type.Is("tool"u8) && name.HasText)
        {
            output.Write("{\"type\":\"function\",\"function\":{\"name\":"u8);
            output.Write(name.Raw);
            output.Write("}}"u8);
        }
        else
        {
            return Refusal.Shape("tool_choice", "tool_choice must be of type auto, any, none, or tool with a name", choice);
        }

        if (choice.Member("disable_parallel_tool_use"u8).IsTrue)
            output.Write(",\"parallel_tool_calls\":false"u8);
        return Refusal.None;
    }
}
