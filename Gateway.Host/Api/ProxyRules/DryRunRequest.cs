using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Api.ProxyRules;

/// <summary>What is tried: <c>{ "body": {…}, "tags"?: […], "endpoint"?: "/v1/chat/completions" }</c>. The inner body is not parsed, only found.</summary>
/// <param name="Body">Where the body stands.</param>
/// <param name="Tags">The labels of the request, at most 32.</param>
/// <param name="Endpoint">Where it would be sent.</param>
internal sealed record DryRunRequest(ByteRange Body, IReadOnlyList<string> Tags, string Endpoint)
{
    /// <summary>The endpoint where none is named.</summary>
    public const string ChatEndpoint = "/v1/chat/completions";

    private const int MostTags = 32;
    private static readonly string[] Endpoints = [ChatEndpoint, "/v1/responses"];

    /// <exception cref="ApiRefusal">It is something else.</exception>
    public static DryRunRequest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return ReadObject(json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Text that is no UTF-8 is an InvalidOperationException to the reader.
            throw new ApiRefusal(Problem.Invalid("", "The body is not valid JSON."));
        }
    }

    private static DryRunRequest ReadObject(ReadOnlySpan<byte> json)
    {
        // The inner body is one level down, and refused by itself when it is too deep.
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1_000 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new ApiRefusal(Problem.Invalid("", "The body must be a JSON object."));

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var found = new DryRunRequest(default, [], ChatEndpoint);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString() ?? "";
            if (!seen.Add(name))
                throw new ApiRefusal(Problem.Invalid(name, "is given twice."));
            reader.Read();
            found = name switch
            {
                "body" => found with { Body = ReadBody(ref reader) },
                "tags" => found with { Tags = ReadTags(ref reader) },
                "endpoint" => found with { Endpoint = ReadEndpoint(ref reader) },
                _ => throw new ApiRefusal(Problem.Invalid(name, "is not a known field.")),
            };
        }

        while (reader.Read())
        {
            // The reader throws at whatever follows the object.
        }

        return found.Body.IsPresent ? found : throw new ApiRefusal(Problem.Invalid("body", "must be the body of a request."));
    }

    private static ByteRange ReadBody(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new ByteRange(start, (int)reader.BytesConsumed - start);
    }

    private static List<string> ReadTags(ref Utf8JsonReader reader)
    {
        var tags = new List<string>();
        if (reader.TokenType == JsonTokenType.Null)
            return tags;
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new ApiRefusal(Problem.Invalid("tags", "must be an array of tags."));
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var tag = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            if (!NameShapes.Tag(tag))
                throw new ApiRefusal(Problem.Invalid($"tags[{tags.Count}]", NameShapes.TagMessage));
            if (tags.Count == MostTags)
                throw new ApiRefusal(Problem.Invalid("tags", $"may hold at most {MostTags}."));
            tags.Add(tag!); // not null: it is a tag
        }

        return tags;
    }

    private static string ReadEndpoint(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return ChatEndpoint;
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text is not null && Endpoints.Contains(text, StringComparer.Ordinal)
            ? text
            : throw new ApiRefusal(Problem.Invalid("endpoint", $"must be one of {string.Join(", ", Endpoints)}."));
    }
}
