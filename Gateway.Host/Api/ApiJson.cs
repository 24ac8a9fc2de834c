using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Host.Api;

/// <summary>How the control plane reads and writes JSON: camelCase, unknown and repeated fields refused, numbers exact.</summary>
internal static class ApiJson
{
    /// <summary>For REST and for stored documents.</summary>
    public static readonly JsonSerializerOptions Options = Make(static _ => { });

    /// <summary>For configuration, where every value is text.</summary>
    public static readonly JsonSerializerOptions Configuration = Make(static options =>
    {
        options.PropertyNameCaseInsensitive = true;
        options.NumberHandling = JsonNumberHandling.AllowReadingFromString;
        options.Converters.Add(new TextBooleanConverter());
    });

    private static JsonSerializerOptions Make(Action<JsonSerializerOptions> change)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            MaxDepth = 16,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.Converters.Add(new ExactDecimalConverter());
        change(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
