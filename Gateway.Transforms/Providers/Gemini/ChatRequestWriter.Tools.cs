using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>Tools and the choice among them: https://ai.google.dev/api/caching#FunctionDeclaration.</content>
internal sealed partial class ChatRequestWriter
{
    private bool TryWriteTools()
    {
        if (!Member("tools", out var tools) || tools.GetArrayLength() == 0)
            return !Member("tool_choice", out var choice) || choice.Is("none"u8) || choice.Is("auto"u8) || Refuse("tool_choice", "needs tools.");

        json.WriteStartArray("tools"u8);
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations"u8);
        var position = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var place = $"tools[{position++}]";
            if (!tool.Has("type"u8, out var type) || !type.Is("function"u8))
                return Refuse("tools", place, "must be of type function: the Gemini API has no other that a client answers.");
            if (!tool.Has("function"u8, out var function) || !function.Has("name"u8, out var name) || name.ValueKind is not JsonValueKind.String)
                return Refuse("tools", place, "must have a function with a name.");
            if (!TryWriteDeclaration(function, name, place))
                return false;
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        return TryWriteToolChoice();
    }

    private bool TryWriteDeclaration(JsonElement function, JsonElement name, string place)
    {
        json.WriteStartObject();
        json.WriteRaw("name"u8, name);
        if (function.Has("description"u8, out var description))
        {
            if (description.ValueKind is not JsonValueKind.String)
                return Refuse("tools", $"{place}.function.description", "must be a string.");
            json.WriteRaw("description"u8, description);
        }

        if (function.Has("parameters"u8, out var parameters))
        {
            if (parameters.ValueKind is not JsonValueKind.Object)
                return Refuse("tools", $"{place}.function.parameters", "must be an object.");

            // A function without parameters has no schema: an empty one describes no object.
            if (parameters.GetPropertyCount() > 0)
                WriteSchema("parametersJsonSchema"u8, parameters);
        }

        json.WriteEndObject();
        return true;
    }

    private bool TryWriteToolChoice()
    {
        if (!Member("tool_choice", out var choice))
            return true;

        var mode = choice.Is("auto"u8) ? "AUTO" : choice.Is("none"u8) ? "NONE" : choice.Is("required"u8) ? "ANY" : null;
        var names = new List<JsonElement>();
        if (mode is null && !TryReadNames(choice, names))
            return Refuse("tool_choice", "must be auto, none, required, a function, or required allowed_tools that are functions for a Gemini model.");

        json.WriteStartObject("toolConfig"u8);
        json.WriteStartObject("functionCallingConfig"u8);
        json.WriteString("mode"u8, mode ?? "ANY");
        if (names.Count > 0)
        {
            json.WriteStartArray("allowedFunctionNames"u8);
            foreach (var name in names)
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(name), skipInputValidation: true);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        return true;
    }

    private static bool TryReadNames(JsonElement choice, List<JsonElement> names)
    {
        if (TryReadName(choice, names))
            return true;
        if (!choice.Has("type"u8, out var type) || !type.Is("allowed_tools"u8) || !choice.Has("allowed_tools"u8, out var allowed))
            return false;

        // Names bind only a model that must call: with mode auto the Gemini API has no such list.
        return allowed.Has("mode"u8, out var mode) && mode.Is("required"u8) && allowed.Has("tools"u8, out var tools)
            && tools.ValueKind is JsonValueKind.Array && tools.GetArrayLength() > 0 && tools.EnumerateArray().All(tool => TryReadName(tool, names));
    }

    private static bool TryReadName(JsonElement choice, List<JsonElement> names)
    {
        if (!choice.Has("type"u8, out var type) || !type.Is("function"u8) || !choice.Has("function"u8, out var function)
            || !function.Has("name"u8, out var name) || name.ValueKind is not JsonValueKind.String)
        {
            return false;
        }

        names.Add(name);
        return true;
    }
}
