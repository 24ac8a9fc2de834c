using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Transforms.Watchdog;

/// <summary>A bucket as <c>[controlCount, controlSum, controlSquares, treatedCount, treatedSum, treatedSquares]</c>: 128 of them are written with each score.</summary>
internal sealed class ArmBucketConverter : JsonConverter<ArmBucket>
{
    public override ArmBucket Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<long> numbers = stackalloc long[6];
        BucketNumbers.Read(ref reader, numbers);
        return new ArmBucket(BucketNumbers.Sums(numbers), BucketNumbers.Sums(numbers[3..]));
    }

    public override void Write(Utf8JsonWriter writer, ArmBucket value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        BucketNumbers.Write(writer, value.Control);
        BucketNumbers.Write(writer, value.Treated);
        writer.WriteEndArray();
    }
}

/// <summary>As <see cref="ArmBucketConverter"/>, with the sum of products as the seventh number.</summary>
internal sealed class PairBucketConverter : JsonConverter<PairBucket>
{
    public override PairBucket Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<long> numbers = stackalloc long[7];
        BucketNumbers.Read(ref reader, numbers);
        return new PairBucket(BucketNumbers.Sums(numbers), BucketNumbers.Sums(numbers[3..]), numbers[6]);
    }

    public override void Write(Utf8JsonWriter writer, PairBucket value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        BucketNumbers.Write(writer, value.Control);
        BucketNumbers.Write(writer, value.Treated);
        writer.WriteNumberValue(value.Products);
        writer.WriteEndArray();
    }
}

/// <summary>What the two have in common.</summary>
internal static class BucketNumbers
{
    /// <exception cref="JsonException">Not as many whole numbers as are asked for.</exception>
    public static void Read(ref Utf8JsonReader reader, scoped Span<long> numbers)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A bucket is an array.");
        foreach (ref var number in numbers)
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out number))
                throw new JsonException("A bucket holds whole numbers.");
        }

        if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            throw new JsonException("A bucket has too many numbers.");
    }

    public static ArmSums Sums(ReadOnlySpan<long> numbers) => new(numbers[0], numbers[1], numbers[2]);

    public static void Write(Utf8JsonWriter writer, ArmSums sums)
    {
        writer.WriteNumberValue(sums.Count);
        writer.WriteNumberValue(sums.Sum);
        writer.WriteNumberValue(sums.Squares);
    }
}
