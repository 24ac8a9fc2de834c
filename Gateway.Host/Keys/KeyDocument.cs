using System.Net;
using System.Text.Json;
using Gateway.Host.Api;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Keys;

/// <summary>A rate of requests as REST shows it.</summary>
/// <param name="Burst">Requests that may come at once. 1 to 1,000,000; default 10.</param>
/// <param name="RefillPerSecond">Requests a second in the long run. 0 (no limit) to 1,000,000; default 0.5.</param>
internal sealed record RateLimitFields(int? Burst, decimal? RefillPerSecond);

/// <summary>A budget as REST shows it.</summary>
/// <param name="Amount">Credits; more than zero.</param>
/// <param name="Period">Day, week, month or total.</param>
internal sealed record BudgetFields(decimal? Amount, BudgetPeriod? Period);

/// <summary>The fields of a key that a client sends; also what is stored of it, beside the hint.</summary>
internal sealed record KeyFields
{
    public string? Name { get; init; }
    public KeyKind? Kind { get; init; }
    public string? MemberId { get; init; }
    public IReadOnlyList<string>? Models { get; init; }
    public IReadOnlyList<RouteType>? Routes { get; init; }
    public IReadOnlyList<string>? IpAllowList { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public bool? Enabled { get; init; }
    public RateLimitFields? RateLimit { get; init; }
    public long? TokensPerMinute { get; init; }
    public int? MaxConcurrency { get; init; }
    public BudgetFields? Budget { get; init; }
    public IReadOnlyList<string>? Scopes { get; init; }
    public string? Plan { get; init; }
}

/// <summary>The document of a key in the resource store (kind <c>key</c>, look-up name: its MAC). The secret is not in it.</summary>
/// <param name="Fields">What the client set.</param>
/// <param name="Hint">The beginning and the last four characters of the secret, for people to tell keys apart.</param>
internal sealed record KeyDocument(KeyFields Fields, string Hint)
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "key";

    private const int HintBeginning = 8;
    private const int HintEnd = 4;

    /// <summary>Reads a stored document.</summary>
    public static KeyDocument Read(byte[] body) =>
        JsonSerializer.Deserialize<KeyDocument>(body, ApiJson.Options) ?? throw new JsonException("The document of a key is null.");

    /// <summary>For example <c>tw_3fK9a…x7Qd</c>.</summary>
    public static string HintOf(string secret) => $"{secret[..HintBeginning]}…{secret[^HintEnd..]}";

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);

    /// <summary>What the request path needs of a stored key.</summary>
    public static KeySnapshot ToSnapshot(Resource resource)
    {
        var fields = Read(resource.Body).Fields;
        return new KeySnapshot
        {
            Id = resource.Id,
            Workspace = resource.Workspace,
            Account = KeySnapshot.AccountOf(resource.Workspace),
            MemberId = fields.MemberId,
            Kind = fields.Kind ?? KeyKind.Inference,
            Models = fields.Models,
            Routes = fields.Routes,
            ExpiresAt = fields.ExpiresAt,
            Enabled = fields.Enabled ?? true,
            Tags = fields.Tags ?? [],
            IpAllowList = [.. (fields.IpAllowList ?? []).Select(NetworkOf)],
            Scopes = fields.Scopes ?? [],
            Limits = LimitsOf(resource.Id, fields),
        };
    }

    /// <summary>Reads <c>10.0.0.0/8</c>, or one address.</summary>
    public static bool TryNetwork(string? text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
            return true;
        if (!IPAddress.TryParse(text, out var address) || address.ScopeIdOrZero() != 0)
            return false;
        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }

    private static IPNetwork NetworkOf(string text) =>
        TryNetwork(text, out var network) ? network : throw new JsonException($"\"{text}\" is no network.");

    private static KeyLimits LimitsOf(string id, KeyFields fields)
    {
        var limits = new KeyLimits { KeyId = id, TokensPerMinute = fields.TokensPerMinute, MaxConcurrency = fields.MaxConcurrency };
        if (fields.RateLimit is { } rate)
        {
            limits = limits with
            {
                Burst = rate.Burst ?? limits.Burst,
                RefillPerSecond = rate.RefillPerSecond is { } refill ? (double)refill : limits.RefillPerSecond,
            };
        }

        if (fields.Budget is { Amount: { } amount, Period: { } period } && Credits.TryFromDecimal(amount, out var credits))
            limits = limits with { Budget = new Budget(credits, period) };
        return limits;
    }
}

internal static class AddressScope
{
    /// <summary>The zone of an IPv6 address; 0: none, or IPv4.</summary>
    public static long ScopeIdOrZero(this IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
