using System.Text.Json;

namespace Gateway.Transforms.Tokens;

/// <summary>Tokens of the <c>tools</c> of a chat completion request, which the provider writes to the model as a kind of TypeScript.</summary>
/// <remarks>Constants: tryAGI/Tiktoken, measured against <c>/v1/responses/input_tokens</c>. A schema is walked where it stands.</remarks>
internal static class ToolTokens
{
    private const int Once = 10;
    private const int PerFunction = 7;
    private const int PerObject = 4;
    private const int PerProperty = 2;
    private const int PerEnum = -3;
    private const int PerEnumItem = 2;

    // Deeper schemas, which no provider accepts, count by their JSON.
    private const int MostDepth = 32;

    public static void Add(ref PromptTally tally, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return;
        var reader = JsonWalk.Open(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            if (reader.TokenType != JsonTokenType.Null) tally.AddText(json);
            return;
        }

        var tools = 0;
        while (JsonWalk.NextItem(ref reader))
        {
            if (tools++ == 0) tally.Add(Once);
            tally.Add(PerFunction);
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            var tool = JsonWalk.Raw(ref reader, json);
            if (isObject) AddTool(ref tally, tool);
            else tally.AddText(tool);
        }
    }

    private static void AddTool(ref PromptTally tally, ReadOnlySpan<byte> tool)
    {
        var isFlat = false;
        var reader = JsonWalk.Open(tool);
        reader.Read();
        while (JsonWalk.NextProperty(ref reader))
        {
            isFlat |= reader.ValueTextEquals("parameters"u8);
            var isFunction = reader.ValueTextEquals("function"u8);
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            var value = JsonWalk.Raw(ref reader, tool);
            if (!isFunction || !isObject) continue;
            AddFunction(ref tally, value);
            return;
        }

        // In responses, the function's members stand in the tool. Any other form is a custom tool, or another provider's.
        if (isFlat) AddFunction(ref tally, tool);
        else tally.AddText(tool);
    }

    private static void AddFunction(ref PromptTally tally, ReadOnlySpan<byte> function)
    {
        JsonText name = default, description = default;
        ReadOnlySpan<byte> parameters = default;
        var reader = JsonWalk.Open(function);
        reader.Read();
        while (JsonWalk.NextProperty(ref reader))
        {
            var isName = reader.ValueTextEquals("name"u8);
            var isDescription = reader.ValueTextEquals("description"u8);
            var isParameters = reader.ValueTextEquals("parameters"u8);
            reader.Read();
            var isString = reader.TokenType == JsonTokenType.String;
            if (isName && isString) name = JsonWalk.Text(reader);
            else if (isDescription && isString) description = JsonWalk.Text(reader);
            else if (isParameters && reader.TokenType == JsonTokenType.StartObject) parameters = JsonWalk.Raw(ref reader, function);
            else reader.Skip();
        }

        tally.Append(name);
        tally.Append((byte)':');
        tally.Append(description);
        tally.EndLine(trimStop: true);
        if (!parameters.IsEmpty) AddSchema(ref tally, parameters, default, isProperty: false, depth: 0);
    }

    /// <summary>A schema: its line "key:type:description" where it is a property, and everything below it.</summary>
    private static void AddSchema(ref PromptTally tally, ReadOnlySpan<byte> schema, JsonText key, bool isProperty, int depth)
    {
        if (depth > MostDepth)
        {
            tally.AddText(schema);
            return;
        }

        JsonText type = default, description = default;
        var reader = JsonWalk.Open(schema);
        reader.Read();
        while (JsonWalk.NextProperty(ref reader))
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isDescription = reader.ValueTextEquals("description"u8);
            var isEnum = reader.ValueTextEquals("enum"u8);
            var isProperties = reader.ValueTextEquals("properties"u8) || reader.ValueTextEquals("$defs"u8);
            reader.Read();
            if (isType) type = reader.TokenType == JsonTokenType.String ? JsonWalk.Text(reader) : new(JsonWalk.Raw(ref reader, schema), escaped: false);
            else if (isDescription && reader.TokenType == JsonTokenType.String) description = JsonWalk.Text(reader);
            else if (isEnum && reader.TokenType == JsonTokenType.StartArray) AddEnum(ref tally, ref reader, schema);
            else if (isProperties && reader.TokenType == JsonTokenType.StartObject) AddProperties(ref tally, ref reader, schema, depth);
            else AddBelow(ref tally, ref reader, schema, depth);
        }

        if (!isProperty) return;
        tally.Add(PerProperty);
        tally.Append(key);
        tally.Append((byte)':');
        tally.Append(type);
        tally.Append((byte)':');
        tally.Append(description);
        tally.EndLine(trimStop: true);
    }

    private static void AddProperties(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> schema, int depth)
    {
        tally.Add(PerObject);
        while (JsonWalk.NextProperty(ref reader))
        {
            var key = JsonWalk.Text(reader);
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            var property = JsonWalk.Raw(ref reader, schema);
            if (isObject) AddSchema(ref tally, property, key, isProperty: true, depth + 1);
            else tally.AddText(key);
        }
    }

    private static void AddEnum(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> schema)
    {
        tally.Add(PerEnum);
        while (JsonWalk.NextItem(ref reader))
        {
            tally.Add(PerEnumItem);
            if (reader.TokenType == JsonTokenType.String) tally.AddText(JsonWalk.Text(reader));
            else tally.AddText(JsonWalk.Raw(ref reader, schema));
        }
    }

    /// <summary>Schemas under <c>items</c>, <c>anyOf</c> and the like. Other keywords (required, default, format) cost the model nothing.</summary>
    private static void AddBelow(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> schema, int depth)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            AddSchema(ref tally, JsonWalk.Raw(ref reader, schema), default, isProperty: false, depth + 1);
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (JsonWalk.NextItem(ref reader))
            {
                var isObject = reader.TokenType == JsonTokenType.StartObject;
                var item = JsonWalk.Raw(ref reader, schema);
                if (isObject) AddSchema(ref tally, item, default, isProperty: false, depth + 1);
            }
        }
    }
}
