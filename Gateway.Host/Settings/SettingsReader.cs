using System.Buffers.Text;
using System.Data.Common;
using System.Globalization;
using Gateway.Ledger;

namespace Gateway.Host.Settings;

/// <summary>Turns the text of each setting into its value; ranges are the validator's.</summary>
internal static class SettingsReader
{
    private const string AdminKeyPrefix = "tw_api_";
    private const int AdminKeyLeastCharacters = 32;
    private const int AdminKeyMostCharacters = 512;
    private const int MasterKeyBytes = 32;

    private static readonly string[] Known =
    [
        "AdminKey", "MasterKey", "PreviousMasterKeys", "Spool", "Durability", "WhenFrontDown", "WhenBookDown", "HoldLease", "MaxUnrecorded",
        "InsufficientBalanceStatus", "MaxRequestBytes", "DrainDelay", "DrainTime", "PingInterval", "MaxAnswerTime", "FirstByteDeadline", "CacheBytes",
        "CacheEmbeddingModel",
    ];

    public static GatewaySettings Read(IConfiguration configuration)
    {
        RefuseUnknown(configuration);
        var gateway = configuration.GetSection("Gateway");
        var defaults = new GatewaySettings { BookFile = "", SpoolFolder = "" };
        var settings = defaults with
        {
            BookFile = BookFile(configuration["ConnectionStrings:Ledger"], out var bookConnection),
            BookConnection = bookConnection,
            RedisConnection = configuration["ConnectionStrings:Redis"] is { Length: > 0 } redis ? redis : null,
            SpoolFolder = Path.GetFullPath(Text(gateway, "Spool") ?? Path.Combine("data", "spool")),
            AdminKey = AdminKey(Text(gateway, "AdminKey")),
            MasterKey = MasterKey("Gateway__MasterKey", Text(gateway, "MasterKey")),
            PreviousMasterKeys = PreviousMasterKeys(gateway.GetSection("PreviousMasterKeys")),
            Durability = OneOf(gateway, "Durability", "power", "process") == 1 ? Durability.Process : Durability.Power,
            RejectWhenFrontDown = OneOf(gateway, "WhenFrontDown", "book", "reject") == 1,
            RejectWhenBookDown = OneOf(gateway, "WhenBookDown", "continue", "reject") == 1,
            HoldLease = Duration(gateway, "HoldLease", defaults.HoldLease),
            MaxUnrecorded = Number(gateway, "MaxUnrecorded", defaults.MaxUnrecorded),
            InsufficientBalanceStatus = Number(gateway, "InsufficientBalanceStatus", defaults.InsufficientBalanceStatus),
            MaxRequestBytes = Size(gateway, "MaxRequestBytes", defaults.MaxRequestBytes),
            DrainDelay = Duration(gateway, "DrainDelay", defaults.DrainDelay),
            DrainTime = Duration(gateway, "DrainTime", defaults.DrainTime),
            PingInterval = Duration(gateway, "PingInterval", defaults.PingInterval),
            MaxAnswerTime = Duration(gateway, "MaxAnswerTime", defaults.MaxAnswerTime),
            FirstByteDeadline = Duration(gateway, "FirstByteDeadline", defaults.FirstByteDeadline),
            CacheBytes = Size(gateway, "CacheBytes", defaults.CacheBytes),
            CacheEmbeddingModel = Text(gateway, "CacheEmbeddingModel"),
        };
        if (settings is { RedisConnection: not null, BookConnection: null })
            throw new SettingException("ConnectionStrings__Redis", "needs ConnectionStrings__Ledger=Host=…: a SQLite file serves one gateway, which keeps its front itself.");
        if (settings is { BookConnection: not null, MasterKey: null })
            throw new SettingException("Gateway__MasterKey", "is required with PostgreSQL: base64 of 32 bytes, the same for all gateways.");
        return settings;
    }

    private static void RefuseUnknown(IConfiguration configuration)
    {
        foreach (var child in configuration.GetSection("Gateway").GetChildren())
        {
            if (!Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                throw new SettingException($"Gateway__{child.Key}", "is not a setting of this gateway.");
            var isList = string.Equals(child.Key, "PreviousMasterKeys", StringComparison.OrdinalIgnoreCase);
            if (!isList && child.GetChildren().FirstOrDefault() is { } nested)
                throw new SettingException($"Gateway__{child.Key}__{nested.Key}", "is not a setting of this gateway.");
        }
    }

    private static string BookFile(string? text, out string? connection)
    {
        const string Setting = "ConnectionStrings__Ledger";
        connection = null;
        if (string.IsNullOrWhiteSpace(text))
            return Path.GetFullPath(Path.Combine("data", "gateway.db"));
        if (!text.Contains('=', StringComparison.Ordinal))
            return FilePath(Setting, text);

        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            // The text may hold a password, so it is not repeated.
            throw new SettingException(Setting, "is neither a file path nor a connection string.");
        }

        if (parts.ContainsKey("Host") || parts.ContainsKey("Server"))
        {
            connection = text;
            return "";
        }

        if (parts.TryGetValue("Data Source", out var file) && parts.Count == 1 && file is string path)
            return FilePath(Setting, path);

        throw new SettingException(Setting, "is not a file path or \"Data Source=…\" alone.");
    }

    private static string FilePath(string setting, string path) =>
        string.IsNullOrWhiteSpace(path) || path.StartsWith(':') || path.Contains('\0', StringComparison.Ordinal)
            ? throw new SettingException(setting, $"\"{path}\" is not the path of a file.")
            : Path.GetFullPath(path);

    private static string? AdminKey(string? text)
    {
        if (text is null)
            return null;
        if (!text.StartsWith(AdminKeyPrefix, StringComparison.Ordinal))
            throw new SettingException("Gateway__AdminKey", "does not begin with tw_api_.");
        if (text.Length is < AdminKeyLeastCharacters or > AdminKeyMostCharacters)
            throw new SettingException("Gateway__AdminKey", $"has {text.Length} characters, not from {AdminKeyLeastCharacters} to {AdminKeyMostCharacters}.");
        if (text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new SettingException("Gateway__AdminKey", "has characters other than printable ASCII.");
        return text;
    }

    private static byte[]? MasterKey(string setting, string? text)
    {
        if (text is null)
            return null;
        var bytes = new byte[MasterKeyBytes];
        return Base64.IsValid(text) && Convert.TryFromBase64String(text, bytes, out var written) && written == MasterKeyBytes
            ? bytes
            : throw new SettingException(setting, "is not base64 of 32 bytes.");
    }

    private static List<byte[]> PreviousMasterKeys(IConfigurationSection section)
    {
        if (!string.IsNullOrEmpty(section.Value))
            throw new SettingException("Gateway__PreviousMasterKeys", "is a list: name Gateway__PreviousMasterKeys__0 and so on.");

        var keys = new List<byte[]>();
        foreach (var child in section.GetChildren())
        {
            var setting = $"Gateway__PreviousMasterKeys__{child.Key}";
            if (!int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                throw new SettingException(setting, $"\"{child.Key}\" is not a number in a list.");
            keys.Add(MasterKey(setting, child.Value) ?? throw new SettingException(setting, "is empty."));
        }

        return keys;
    }

    private static string? Text(IConfigurationSection gateway, string name) => gateway[name] is { Length: > 0 } text ? text : null;

    private static int OneOf(IConfigurationSection gateway, string name, params string[] values)
    {
        if (Text(gateway, name) is not { } text)
            return 0;
        var index = Array.FindIndex(values, value => string.Equals(value, text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index : throw new SettingException($"Gateway__{name}", $"\"{text}\" is not one of {string.Join(", ", values)}.");
    }

    private static TimeSpan Duration(IConfigurationSection gateway, string name, TimeSpan otherwise)
    {
        if (Text(gateway, name) is not { } text)
            return otherwise;
        return SettingText.TryDuration(text, out var duration)
            ? duration
            : throw new SettingException($"Gateway__{name}", $"\"{text}\" is not a duration such as 500ms, 60s, 5m or 1h.");
    }

    private static long Size(IConfigurationSection gateway, string name, long otherwise)
    {
        if (Text(gateway, name) is not { } text)
            return otherwise;
        return SettingText.TrySize(text, out var bytes)
            ? bytes
            : throw new SettingException($"Gateway__{name}", $"\"{text}\" is not a size such as 64KiB or 32MiB.");
    }

    private static int Number(IConfigurationSection gateway, string name, int otherwise)
    {
        if (Text(gateway, name) is not { } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new SettingException($"Gateway__{name}", $"\"{text}\" is not a whole number.");
    }
}
