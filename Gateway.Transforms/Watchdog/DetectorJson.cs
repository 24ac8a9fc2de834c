using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Transforms.Watchdog;

/// <summary>Detectors and transitions as JSON: camelCase, enumerations by name.</summary>
public static class DetectorJson
{
    /// <summary>For states, summaries and transitions.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    /// <summary>The state as it is stored.</summary>
    public static byte[] Write(DetectorState state) => JsonSerializer.SerializeToUtf8Bytes(state, Options);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">It is no such state.</exception>
    public static DetectorState Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<DetectorState>(json, Options) ?? throw new JsonException("A detector's state is an object.");

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            IgnoreReadOnlyProperties = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
