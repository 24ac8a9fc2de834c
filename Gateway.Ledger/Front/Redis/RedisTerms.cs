using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Ledger.Front.Redis;

/// <summary>What the scripts know of a bucket: a class that is compared with the classes that may pay for a call, a sort key, an expiry; the rest is JSON.</summary>
internal static class RedisTerms
{
    private static readonly DateTimeOffset Never = DateTimeOffset.MaxValue;

    /// <summary>The kind's letter, then what a call must share with the bucket.</summary>
    public static string Class(BucketBalance bucket) => bucket.Kind switch
    {
        BucketKind.Pack => Pack(bucket.Currency, bucket.Provider, bucket.Model),
        BucketKind.Credit => "c\t" + bucket.Currency,
        _ => "w\t" + bucket.Currency,
    };

    /// <summary>The classes that may pay for a call; the route's is empty where only packs may.</summary>
    public static (string Pack, string Route) Classes(HoldRequest request)
    {
        var price = request.Price;
        var pack = Pack(price.Currency, request.Facts.Provider, request.Facts.Model);
        if (request.PacksOnly)
            return (pack, "");
        return (pack, (price.RouteType == RouteType.Official ? "c\t" : "w\t") + price.Currency);
    }

    /// <summary>Compares as text in burn order: packs before the rest; then priority, earliest expiry (none last), given before bought, oldest, id.</summary>
    public static string SortKey(BucketBalance bucket) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(bucket.Kind == BucketKind.Pack ? 0 : 1)}{bucket.Priority:D3}{(bucket.ExpiresAt ?? Never).UtcTicks:D19}{(bucket.Promotional ? 0 : 1)}{bucket.CreatedAt.UtcTicks:D19}{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(bucket.Id))}");

    /// <summary>Microseconds since 1970; 0: never.</summary>
    public static long Expiry(BucketBalance bucket) => bucket.ExpiresAt is { } at ? RedisTime.Micros(at) : 0;

    public static byte[] Json(BucketBalance bucket) => JsonSerializer.SerializeToUtf8Bytes(bucket, TermsJson.Default.BucketBalance);

    public static BucketBalance Read(byte[] json) =>
        JsonSerializer.Deserialize(json, TermsJson.Default.BucketBalance) ?? throw new InvalidDataException("A bucket in Redis has no terms.");

    public static BucketKind Kind(char letter) => letter switch
    {
        'p' => BucketKind.Pack,
        'c' => BucketKind.Credit,
        _ => BucketKind.Wallet,
    };

    /// <summary>A line for each part: the kind's letter, the amount, what the bucket has afterwards, its id.</summary>
    public static string Split(IReadOnlyList<BucketShare> shares)
    {
        var text = new StringBuilder();
        foreach (var share in shares)
        {
            var letter = share.Kind switch { BucketKind.Pack => 'p', BucketKind.Credit => 'c', _ => 'w' };
            text.Append(CultureInfo.InvariantCulture, $"{letter} {share.Amount.Nano} {share.BalanceAfter.Nano} {share.Bucket}\n");
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="Split"/> or a script wrote.</summary>
    public static BucketShare[] ReadSplit(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return [];

        var shares = new List<BucketShare>(2);
        while (text.IndexOf((byte)'\n') is >= 0 and var end)
        {
            var line = text[..end];
            var kind = Kind((char)line[0]);
            var amount = Number(line[2..], out var used);
            var after = Number(line[(3 + used)..], out var more);
            shares.Add(new BucketShare(Encoding.UTF8.GetString(line[(4 + used + more)..]), kind, new Credits(amount), new Credits(after)));
            text = text[(end + 1)..];
        }

        return [.. shares];

        static long Number(ReadOnlySpan<byte> from, out int used) =>
            Utf8Parser.TryParse(from, out long value, out used) ? value : throw new InvalidDataException("A split in Redis has no number.");
    }

    private static string Pack(string currency, string? provider, string? model) => $"p\t{currency}\t{provider}\t{model}";
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(BucketBalance))]
internal sealed partial class TermsJson : JsonSerializerContext;
