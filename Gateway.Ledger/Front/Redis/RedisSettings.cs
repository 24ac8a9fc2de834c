using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>What a server must be to be a front: 7.0 or newer, never evicting, writable. That it fsyncs always is advised, not demanded.</summary>
internal static partial class RedisSettings
{
    /// <exception cref="FrontSettingException">It must not be a front.</exception>
    /// <exception cref="FrontUnavailableException">It does not answer.</exception>
    public static async Task CheckAsync(IServer server, TimeSpan patience, ILogger logger)
    {
        string info;
        try
        {
            info = await server.InfoRawAsync().WaitAsync(patience);
        }
        catch (Exception exception) when (exception is RedisConnectionException or TimeoutException or RedisServerException)
        {
            throw new FrontUnavailableException($"Redis at {server.EndPoint} does not answer.", exception);
        }

        var version = Value(info, "redis_version");
        if (!int.TryParse(version.Split('.')[0], out var major) || major < 7)
            throw new FrontSettingException($"the server at {server.EndPoint} is Redis {version}; 7.0 or newer is needed.");
        var policy = Value(info, "maxmemory_policy");
        if (policy is not "noeviction")
            throw new FrontSettingException($"maxmemory-policy of the server at {server.EndPoint} is {policy}, which drops balances; set it to noeviction.");
        await AdviseAsync(server, patience, logger);
    }

    /// <summary>One field of <c>INFO</c>; empty: it is not there.</summary>
    public static string Value(string info, string name)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':')
                return line[(name.Length + 1)..].ToString();
        }

        return "";
    }

    private static async Task AdviseAsync(IServer server, TimeSpan patience, ILogger logger)
    {
        try
        {
            var found = await server.ConfigGetAsync("append*").WaitAsync(patience);
            var values = found.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
            if (values.GetValueOrDefault("appendonly") is not "yes" || values.GetValueOrDefault("appendfsync") is not "always")
                LogNotDurable(logger, server.EndPoint.ToString() ?? "");
        }
        catch (Exception exception) when (exception is RedisServerException or RedisConnectionException or TimeoutException)
        {
            LogUnknown(logger, server.EndPoint.ToString() ?? "", exception);
        }
    }

    [LoggerMessage(41, LogLevel.Warning, "ConnectionStrings__Redis: {Server} does not keep every write (appendonly yes, appendfsync always): a crash of it costs a new epoch.")]
    private static partial void LogNotDurable(ILogger logger, string server);

    [LoggerMessage(42, LogLevel.Warning, "ConnectionStrings__Redis: {Server} does not tell its configuration; appendfsync should be always.")]
    private static partial void LogUnknown(ILogger logger, string server, Exception exception);
}
