using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Ledger.Front.Rows;

/// <summary>What the rows keep as JSON. Amounts are whole nano-credits.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(NanoConverter)])]
[JsonSerializable(typeof(BucketBalance[]))]
[JsonSerializable(typeof(BucketShare[]))]
[JsonSerializable(typeof(HoldRequest))]
[JsonSerializable(typeof(RateState))]
[JsonSerializable(typeof(Usage))]
internal sealed partial class RowJson : JsonSerializerContext;

/// <summary>Credits as a number of nano-credits.</summary>
internal sealed class NanoConverter : JsonConverter<Credits>
{
    public override Credits Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Credits value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Nano);
}
