using StackExchange.Redis;

namespace Gateway.Host.Caching;

/// <summary>The cache's own connection to Redis, so that large answers do not stand in the way of holds. What goes wrong there is an absent answer, never an error.</summary>
internal sealed partial class CacheConnection : IAsyncDisposable
{
    // After so many failures in a row Redis is left alone for a while: a hanging one would cost every request the wait.
    private const int MostFailures = 3;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    private readonly ConnectionMultiplexer multiplexer;
    private readonly IDatabase database;
    private readonly ILogger log;
    private int failures;
    private long restsUntil;
    private readonly Lock gate = new();
    private Task configuring = Task.CompletedTask;
    private long configuredAt;

    private CacheConnection(ConnectionMultiplexer multiplexer, TimeProvider time, ILogger log)
    {
        this.multiplexer = multiplexer;
        this.log = log;
        database = multiplexer.GetDatabase();
        Time = time;
    }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Connects; a Redis that does not answer yet is connected to when it does.</summary>
    /// <param name="connectionString">In StackExchange.Redis's form, checked: the ledger's front uses the same.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Hears of a Redis that is away.</param>
    public static async Task<CacheConnection> OpenAsync(string connectionString, TimeProvider time, ILogger log)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = options.SyncTimeout = (int)ConnectTimeout.TotalMilliseconds;
        options.KeepAlive = 5;
        options.TieBreaker = "";
        options.ConfigurationChannel = "";
        var opened = await ConnectionMultiplexer.ConnectAsync(options);

        // Answers complete in parallel: with the order kept, one slow continuation delays all calls.
        opened.PreserveAsyncOrder = false;
        return new CacheConnection(opened, time, log);
    }

    /// <summary>Runs a script; <c>null</c>: Redis is away, full or too slow.</summary>
    public Task<RedisResult?> RunAsync(string script, RedisKey[] keys, RedisValue[] arguments, TimeSpan patience, CancellationToken cancellationToken) =>
        AskAsync<RedisResult?>(
            async database => await database.ExecuteAsync("EVAL", [script, keys.Length, .. keys, .. arguments]), patience, cancellationToken);

    /// <summary>Asks; <c>default</c>: Redis is away, full or too slow.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public async Task<T?> AskAsync<T>(Func<IDatabase, Task<T>> command, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref failures) >= MostFailures && Environment.TickCount64 < Interlocked.Read(ref restsUntil))
            return default;

        try
        {
            var answer = await command(database).WaitAsync(patience, cancellationToken);
            Volatile.Write(ref failures, 0);
            return answer;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            Failed(exception);
            return default;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await configuring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await multiplexer.CloseAsync(allowCommandsToComplete: false);
        multiplexer.Dispose();
    }

    private void Failed(Exception exception)
    {
        Interlocked.Exchange(ref restsUntil, Environment.TickCount64 + (long)Rest.TotalMilliseconds);
        if (Interlocked.Increment(ref failures) == MostFailures)
            LogAway(exception);
        Configure();
    }

    // Looks for new masters; once a second at most, and never twice at a time.
    private void Configure()
    {
        lock (gate)
        {
            if (!configuring.IsCompleted || Environment.TickCount64 - configuredAt < Rest.TotalMilliseconds)
                return;
            configuredAt = Environment.TickCount64;
            configuring = multiplexer.ConfigureAsync();
        }
    }

    [LoggerMessage(60, LogLevel.Warning, "The cache's Redis does not answer: requests go upstream.")]
    private partial void LogAway(Exception exception);
}
