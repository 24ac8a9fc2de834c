using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>The tools of a chat request, and the functions of an old one, as Anthropic's.</summary>
/// <remarks>https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use</remarks>
internal ref struct ChatTools
{
    private JsonPiece _tools;
    private JsonPiece _functions;
    private JsonPiece _choice;
    private JsonPiece _functionCall;
    private JsonPiece _parallel;

    public ChatTools()
    {
    }

    /// <summary>Takes a member of the request, if it is about tools.</summary>
    public void Take(ReadOnlySpan<byte> name, JsonPiece value)
    {
        if (name.SequenceEqual("tools"u8)) _tools = value;
        else if (name.SequenceEqual("functions"u8)) _functions = value;
        else if (name.SequenceEqual("tool_choice"u8)) _choice = value;
        else if (name.SequenceEqual("function_call"u8)) _functionCall = value;
        else if (name.SequenceEqual("parallel_tool_calls"u8)) _parallel = value;
    }

    /// <summary>Writes <c>tools</c> and <c>tool_choice</c>, or says what cannot be written.</summary>
    public readonly BodyError Write(IBufferWriter<byte> output)
    {
        var written = 0;
        var error = WriteAll(_tools, ref written, output);
        error = error.IsRefused() ? error : WriteAll(_functions, ref written, output);
        if (error.IsRefused() || written == 0)
            return error;

        output.Write("]"u8);
        return WriteChoice(output);
    }

    private static BodyError WriteAll(JsonPiece list, ref int written, IBufferWriter<byte> output)
    {
        var tools = new JsonElements(list);
        while (tools.Next())
        {
            var tool = tools.Value;
            var function = tool.Member("function"u8);
            var isTool = tool.Member("type"u8).Is("function"u8) && function.IsObject;

            // A function of an old request stands there without a type.
            if (!isTool && (!tool.IsObject || tool.Member("type"u8).IsPresent))
                return Refusal.Of("tools", "tools must all be of type function: this model's provider has no other that an OpenAI client can name.");

            output.Write(written++ == 0 ? ",\"tools\":["u8 : ","u8);
            var error = WriteTool(isTool ? function : tool, tool.Member("cache_control"u8), output);
            if (error.IsRefused())
                return error;
        }

        return Refusal.None;
    }

    private static BodyError WriteTool(JsonPiece function, JsonPiece cacheControl, IBufferWriter<byte> output)
    {
        var name = function.Member("name"u8);
        if (!name.HasText)
            return Refusal.Of("tools", "tools must all have a name.");

        output.Write("{\"name\":"u8);
        output.Write(name.Raw);
        var description = function.Member("description"u8);
        if (description.HasText)
        {
            output.Write(",\"description\":"u8);
            output.Write(description.Raw);
        }

        WriteSchema(function.Member("parameters"u8), output);
        var cached = cacheControl.IsObject ? cacheControl : function.Member("cache_control"u8);
        WriteCacheControl(cached, output);
        output.Write("}"u8);
        return Refusal.None;
    }

    // A schema of an object is demanded; a function without parameters has none, and some leave the type out.
    private static void WriteSchema(JsonPiece parameters, IBufferWriter<byte> output)
    {
        output.Write(",\"input_schema\":"u8);
        if (parameters.Member("type"u8).IsPresent)
        {
            output.Write(parameters.Raw);
            return;
        }

        output.Write("{\"type\":\"object\""u8);
        var members = new JsonMembers(parameters);
        while (members.Next())
        {
            output.Write(",\""u8);
            output.WriteEscaped(members.Name);
            output.Write("\":"u8);
            output.Write(members.Value.Raw);
        }

        output.Write("}"u8);
    }

    /// <summary>Anthropic's mark of what to keep in the prompt cache, if the client set it.</summary>
    public static void WriteCacheControl(JsonPiece cacheControl, IBufferWriter<byte> output)
    {
        if (!cacheControl.IsObject)
            return;

        output.Write(",\"cache_control\":"u8);
        output.Write(cacheControl.Raw);
    }

    private readonly BodyError WriteChoice(IBufferWriter<byte> output)
    {
        var choice = _choice.IsPresent ? _choice : _functionCall;
        var named = choice.Member("function"u8).Member("name"u8) is { HasText: true } tool ? tool : choice.Member("name"u8);
        if (!choice.IsPresent && !_parallel.IsFalse)
            return Refusal.None;

        output.Write(",\"tool_choice\":{\"type\":"u8);
        if (!choice.IsPresent || choice.Is("auto"u8))
        {
            output.Write("\"auto\""u8);
        }
        else if (choice.Is("none"u8))
        {
            output.Write("\"none\"}"u8);
            return Refusal.None;
        }
        else if (choice.Is("required"u8))
        {
            output.Write("\"any\""u8);
        }
        else if (named.HasText)
        {
            output.Write("\"tool\",\"name\":"u8);
            output.Write(named.Raw);
        }
        else
        {
            return Refusal.Shape("tool_choice", "tool_choice must be auto, none, required, or name a function", choice);
        }

        output.Write(_parallel.IsFalse ? ",\"disable_parallel_tool_use\":true}"u8 : "}"u8);
        return Refusal.None;
    }
}
