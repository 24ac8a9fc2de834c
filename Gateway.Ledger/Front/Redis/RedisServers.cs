using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>The connection to Redis, standalone or cluster, and what is asked of its servers.</summary>
internal sealed partial class RedisServers : IAsyncDisposable
{
    /// <summary>How long an answer is waited for: longer is an outage. The client itself has no limit for asynchronous calls.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly string[] AwayPrefixes =
        ["MOVED", "ASK", "TRYAGAIN", "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "MISCONF", "BUSY", "NOREPLICAS"];

    private readonly ConnectionMultiplexer multiplexer;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private Task configuring = Task.CompletedTask;
    private long configuredAt;
    private bool checkedOnce;
    private bool clustered;

    private RedisServers(ConnectionMultiplexer multiplexer, ILogger logger)
    {
        this.multiplexer = multiplexer;
        this.logger = logger;
        Database = multiplexer.GetDatabase();
    }

    /// <summary>All keys are in database 0 of a cluster, or in the connection string's.</summary>
    public IDatabase Database { get; }

    /// <summary>Publishes and subscribes.</summary>
    public ISubscriber Subscriber => multiplexer.GetSubscriber();

    /// <summary>Connects and checks the servers that answer; one that does not is checked at its first probe.</summary>
    /// <exception cref="FrontSettingException">The string cannot be read, or a server must not be a front.</exception>
    public static async Task<RedisServers> ConnectAsync(string connectionString, ILogger logger, CancellationToken cancellationToken)
    {
        var options = Read(connectionString);
        var connection = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(cancellationToken);

        // Answers complete in parallel: with the order kept, one slow continuation delays all calls.
        connection.PreserveAsyncOrder = false;
        var servers = new RedisServers(connection, logger);
        try
        {
            await servers.CheckAsync();
        }
        catch (FrontUnavailableException exception)
        {
            servers.LogAway(exception);
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }

        return servers;
    }

    /// <summary>Checks the servers once they answer; later calls do nothing.</summary>
    public async Task CheckAsync()
    {
        if (Volatile.Read(ref checkedOnce))
            return;

        foreach (var server in Connected())
            await RedisSettings.CheckAsync(server, Patience, logger);
        if (Masters().Count == 0)
            throw new FrontSettingException("every server is a read-only replica; name the master.");
        Volatile.Write(ref checkedOnce, true);
    }

    /// <summary>The run ids of all masters, sorted: changes whenever one of them is another process than before.</summary>
    /// <exception cref="FrontUnavailableException">None answers.</exception>
    public async Task<string> LifeAsync()
    {
        var ids = new List<string>();
        foreach (var master in Masters())
            ids.Add(RedisSettings.Value(await AwaitAsync(master.InfoRawAsync("server")), "run_id"));
        if (ids.Count == 0)
            throw new FrontUnavailableException("No Redis master is connected.");

        ids.Sort(StringComparer.Ordinal);
        return string.Join('+', ids);
    }

    /// <summary>Loads every script on every master.</summary>
    public async Task LoadScriptsAsync()
    {
        foreach (var master in Masters())
        {
            foreach (var script in RedisScript.All)
                await AwaitAsync(master.ScriptLoadAsync(script.Text));
        }
    }

    /// <summary>The values of keys in any slots: one command, but in a cluster one for each key.</summary>
    /// <exception cref="FrontUnavailableException">Redis is away.</exception>
    public async Task<RedisValue[]> GetAsync(RedisKey[] keys)
    {
        if (!Volatile.Read(ref clustered))
        {
            try
            {
                return await AwaitAsync(Database.StringGetAsync(keys, CommandFlags.DemandMaster));
            }
            catch (Exception exception) when (SpansSlots(exception))
            {
                Volatile.Write(ref clustered, true);
            }
        }

        return await Task.WhenAll(keys.Select(key => AwaitAsync(Database.StringGetAsync(key, CommandFlags.DemandMaster))));
    }

    /// <summary>An answer, or that Redis is away; any other error of the server is a bug and surfaces.</summary>
    /// <exception cref="FrontUnavailableException">Redis is away, or has answered too late: whether it happened is not known.</exception>
    public async Task<T> AwaitAsync<T>(Task<T> command)
    {
        try
        {
            return await command.WaitAsync(Patience);
        }
        catch (Exception exception) when (IsAway(exception))
        {
            Configure();
            throw new FrontUnavailableException($"Redis is away: {exception.Message}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await configuring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await multiplexer.CloseAsync(allowCommandsToComplete: false);
        multiplexer.Dispose();
    }

    private static ConfigurationOptions Read(string connectionString)
    {
        ConfigurationOptions? options = null;
        try
        {
            if (!connectionString.Contains("://", StringComparison.Ordinal))
                options = ConfigurationOptions.Parse(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException)
        {
            // Its message may show a part of the string, and so a password.
        }

        if (options is not { EndPoints.Count: > 0 })
            throw new FrontSettingException("not a connection string such as 'redis-1:6379,redis-2:6379,password=…,ssl=true'.");

        options.AbortOnConnectFail = false;
        options.ConnectTimeout = (int)Patience.TotalMilliseconds;
        options.SyncTimeout = (int)Patience.TotalMilliseconds;
        options.AllowAdmin = true;
        options.KeepAlive = 5;
        options.TieBreaker = "";
        options.ConfigurationChannel = "";
        return options;
    }

    private static bool IsAway(Exception exception) => exception switch
    {
        RedisConnectionException or TimeoutException or ObjectDisposedException or OperationCanceledException => true,
        RedisServerException server => Array.Exists(AwayPrefixes, prefix => server.Message.StartsWith(prefix, StringComparison.Ordinal)),
        _ => false,
    };

    // The client refuses it where it knows of the cluster, the server where the client does not yet.
    private static bool SpansSlots(Exception exception) =>
        exception is RedisCommandException
        || (exception is RedisServerException server && server.Message.StartsWith("CROSSSLOT", StringComparison.Ordinal));

    private List<IServer> Connected()
    {
        var servers = multiplexer.GetEndPoints().Select(endpoint => multiplexer.GetServer(endpoint)).Where(static server => server.IsConnected).ToList();
        return servers.Count > 0 ? servers : throw new FrontUnavailableException("No Redis server is connected.");
    }

    private List<IServer> Masters() => Connected().FindAll(static server => !server.IsSlave);

    // Looks for new masters; once a second at most, and never twice at a time.
    private void Configure()
    {
        lock (gate)
        {
            if (!configuring.IsCompleted || Environment.TickCount64 - configuredAt < 1000)
                return;
            configuredAt = Environment.TickCount64;
            configuring = multiplexer.ConfigureAsync();
        }
    }

    [LoggerMessage(40, LogLevel.Warning, "Redis does not answer yet; the gateway starts without it.")]
    private partial void LogAway(Exception exception);
}
