using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Transforms;

/// <summary>How the configuration of a rule is read, and its effect written.</summary>
internal static class RuleJson
{
    /// <summary>Unknown and repeated fields are refused.</summary>
    public static readonly JsonSerializerOptions Options = Make(JsonNumberHandling.Strict);

    /// <summary>For configuration, where every value is text.</summary>
    public static readonly JsonSerializerOptions FromText = Make(JsonNumberHandling.AllowReadingFromString);

    private static JsonSerializerOptions Make(JsonNumberHandling numbers)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = numbers != JsonNumberHandling.Strict,
            NumberHandling = numbers,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            RespectNullableAnnotations = true,
            MaxDepth = 16,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
