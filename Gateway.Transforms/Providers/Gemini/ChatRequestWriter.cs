using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Writes a chat request as a <c>GenerateContentRequest</c>; what Gemini has no word for is refused by name. For one request.</summary>
internal sealed partial class ChatRequestWriter(JsonElement root, RequestIndex index, TranslationTarget target, Utf8JsonWriter json)
{
    private const int MostCandidates = 8;

    /// <summary>Why the request cannot be written.</summary>
    public BodyError Error { get; private set; }

    /// <summary>Writes it; false: <see cref="Error"/> says why not.</summary>
    public bool TryWrite()
    {
        if (!TryKnowMembers())
            return false;

        json.WriteStartObject();
        if (!TryWriteMessages() || !TryWriteTools() || !TryWriteConfig())
            return false;
        json.WriteEndObject();
        return true;
    }

    private bool TryKnowMembers()
    {
        foreach (var member in root.EnumerateObject())
        {
            if (member.Value.ValueKind is not JsonValueKind.Null && !IsKnown(member.Name, member.Value))
                return Refuse(member.Name, "has no counterpart in the Gemini API with this value: leave it out.");
        }

        return true;
    }

    // What is passed over says nothing about the answer: who asks, where it is kept, what may be cached.
    private static bool IsKnown(string name, JsonElement value) => name switch
    {
        "model" or "messages" or "stream" or "tools" or "tool_choice" or "max_tokens" or "max_completion_tokens" or "n" => true,
        "temperature" or "top_p" or "stop" or "seed" or "presence_penalty" or "frequency_penalty" or "response_format" or "reasoning_effort" => true,
        "stream_options" or "provider" or "user" or "metadata" or "store" or "safety_identifier" or "prompt_cache_key" or "prompt_cache_retention" => true,
        "prediction" => true,
        "service_tier" => value.Is("auto"u8) || value.Is("default"u8),
        "verbosity" => value.Is("medium"u8),
        "parallel_tool_calls" => value.ValueKind is JsonValueKind.True,
        "logprobs" => value.ValueKind is JsonValueKind.False,
        "logit_bias" => value.ValueKind is JsonValueKind.Object && value.GetPropertyCount() == 0,
        "modalities" => value.ValueKind is JsonValueKind.Array && value.GetArrayLength() == 1 && value[0].Is("text"u8),
        _ => false,
    };

    private bool TryWriteConfig()
    {
        json.WriteStartObject("generationConfig"u8);
        WriteOutputLimit();
        if (index.N > MostCandidates)
            return Refuse("n", $"must be from 1 to {MostCandidates} for a Gemini model.");
        if (index.N > 1)
            json.WriteNumber("candidateCount"u8, index.N);
        if (!TryWriteNumber("temperature", "temperature"u8) || !TryWriteNumber("top_p", "topP"u8) || !TryWriteNumber("presence_penalty", "presencePenalty"u8)
            || !TryWriteNumber("frequency_penalty", "frequencyPenalty"u8) || !TryWriteSeed() || !TryWriteStop() || !TryWriteFormat() || !TryWriteThinking())
        {
            return false;
        }

        json.WriteEndObject();
        return true;
    }

    private void WriteOutputLimit()
    {
        var limit = long.MaxValue;
        foreach (var bound in (ReadOnlySpan<long?>)[index.MaxTokens, index.MaxCompletionTokens, target.OutputLimit])
            limit = Math.Min(limit, bound ?? long.MaxValue);
        if (limit == long.MaxValue)
            limit = target.DefaultOutputLimit;
        if (limit > 0)
            json.WriteNumber("maxOutputTokens"u8, limit);
    }

    private bool TryWriteNumber(string name, ReadOnlySpan<byte> geminiName)
    {
        if (!Member(name, out var value))
            return true;
        if (value.ValueKind is not JsonValueKind.Number)
            return Refuse(name, "must be a number.");
        json.WriteRaw(geminiName, value);
        return true;
    }

    private bool TryWriteSeed()
    {
        if (!Member("seed", out var seed))
            return true;
        if (seed.ValueKind is not JsonValueKind.Number || !seed.TryGetInt32(out _))
            return Refuse("seed", "must be a whole number of 32 bits for a Gemini model.");
        json.WriteRaw("seed"u8, seed);
        return true;
    }

    private bool TryWriteStop()
    {
        if (!Member("stop", out var stop))
            return true;
        if (stop.ValueKind is JsonValueKind.String)
        {
            json.WriteStartArray("stopSequences"u8);
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(stop), skipInputValidation: true);
            json.WriteEndArray();
            return true;
        }

        if (stop.ValueKind is not JsonValueKind.Array || !stop.EnumerateArray().All(static text => text.ValueKind is JsonValueKind.String))
            return Refuse("stop", "must be a string or an array of strings.");
        json.WriteRaw("stopSequences"u8, stop);
        return true;
    }

    private bool TryWriteFormat()
    {
        if (!Member("response_format", out var format))
            return true;
        if (!format.Has("type"u8, out var type) || type.ValueKind is not JsonValueKind.String)
            return Refuse("response_format", "must have a type.");
        if (type.Is("text"u8))
            return true;

        json.WriteString("responseMimeType"u8, "application/json"u8);
        if (type.Is("json_object"u8))
            return true;
        if (!type.Is("json_schema"u8) || !format.Has("json_schema"u8, out var named) || !named.Has("schema"u8, out var schema) || schema.ValueKind is not JsonValueKind.Object)
            return Refuse("response_format", "must be of type text, json_object, or json_schema with a schema that is an object.");
        WriteSchema("responseJsonSchema"u8, schema);
        return true;
    }

    // The whole JSON Schema may be sent, and what is not supported is passed over: https://ai.google.dev/api/generate-content#generationconfig.
    // Only the name of its dialect goes: it is no part of what is described.
    private void WriteSchema(ReadOnlySpan<byte> name, JsonElement schema)
    {
        json.WriteStartObject(name);
        foreach (var member in schema.EnumerateObject())
        {
            if (!member.NameEquals("$schema"u8))
            {
                json.WritePropertyName(member.Name);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
            }
        }

        json.WriteEndObject();
    }

    private bool Member(string name, out JsonElement value) => root.TryGetProperty(name, out value) && value.ValueKind is not JsonValueKind.Null;

    private bool Refuse(string field, string demand)
    {
        Error = new BodyError(BodyFault.InvalidField, field, $"{field} {demand}");
        return false;
    }

    private bool Refuse(string field, string place, string demand)
    {
        Error = new BodyError(BodyFault.InvalidField, field, $"{place} {demand}");
        return false;
    }
}
