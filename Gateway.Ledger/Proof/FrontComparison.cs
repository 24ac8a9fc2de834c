using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Front.Rows;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Ledger.Proof;

/// <summary>What a comparison of the front with the book found.</summary>
/// <param name="Examined">How many buckets were looked at.</param>
/// <param name="Differences">What is wrong, in words.</param>
public sealed record FrontFindings(long Examined, IReadOnlyList<string> Differences);

/// <summary>Compares the front of the running epoch, Redis or rows of the book, with itself and with the book: L1 to L4. Reads only, and locks nothing.</summary>
public sealed class FrontComparison : IAsyncDisposable
{
    private const int MostAttempts = 3;
    private const int MostOpeningLooks = 40;
    private const int SampledAccounts = 1_000;
    private static readonly TimeSpan OpeningPause = TimeSpan.FromMilliseconds(250);

    private readonly FrontBook book;
    private readonly TimeProvider time;
    private readonly string? redisConnection;
    private readonly List<IAsyncDisposable> owned = [];
    private RedisServers? servers;
    private string sampledTo = "";

    internal FrontComparison(NpgsqlDataSource source, RedisServers? servers, TimeProvider time)
    {
        book = new FrontBook(source);
        this.servers = servers;
        this.time = time;
    }

    private FrontComparison(NpgsqlDataSource source, string? redisConnection)
        : this(source, servers: null, TimeProvider.System)
    {
        this.redisConnection = redisConnection;
        owned.Add(source);
    }

    /// <summary>A comparison of what the options name; nothing is connected to yet.</summary>
    /// <param name="options">With a PostgreSQL book: the front of SQLite is inside its gateway.</param>
    /// <exception cref="Book.BookSettingException">The connection string of the book cannot be read.</exception>
    public static FrontComparison Of(LedgerOptions options) => new(
        NpgsqlDataSource.Create(PostgresSetting.Parse(
            options.BookConnection ?? throw new ArgumentException("A shared front needs a shared book.", nameof(options))).ForMigrations()),
        options.RedisConnection);

    /// <summary>Looks at every account of the running epoch.</summary>
    /// <exception cref="FrontSettingException">The front is Redis, and the options name none that can be used.</exception>
    /// <exception cref="IOException">The front does not answer, or no epoch is open.</exception>
    /// <exception cref="System.Data.Common.DbException">The book does not answer.</exception>
    public Task<FrontFindings> CompareAsync(CancellationToken cancellationToken) => RunAsync(
        static (front, epoch, token) => front.AccountsAsync(epoch, token), cancellationToken);

    /// <summary>Looks at the next thousand accounts of the book, in order of name; over and over. By name and not by shard, because the book can name its
    /// accounts at once, where Redis would have to go through all of its keys.</summary>
    /// <inheritdoc cref="CompareAsync"/>
    internal async Task<FrontFindings> CompareSampleAsync(CancellationToken cancellationToken)
    {
        var accounts = await book.AccountsAsync(sampledTo, SampledAccounts, cancellationToken);
        sampledTo = accounts.Count < SampledAccounts ? "" : accounts[^1];
        return accounts.Count == 0 ? new FrontFindings(0, []) : await RunAsync((_, _, _) => OneAsync(accounts), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        owned.Reverse();
        foreach (var part in owned)
            await part.DisposeAsync();
        owned.Clear();
    }

    private static async IAsyncEnumerable<FrontPart> OneAsync(IReadOnlyList<string> accounts)
    {
        await Task.CompletedTask;
        yield return new FrontPart(accounts, []);
    }

    // What was seen of an epoch that passed meanwhile says nothing: again, in the new one.
    private async Task<FrontFindings> RunAsync(Func<IFrontSource, long, CancellationToken, IAsyncEnumerable<FrontPart>> accounts, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var state = await OpenedAsync(cancellationToken);
            var front = await SourceAsync(state, cancellationToken);
            try
            {
                var findings = await new FrontLooks(front, book, state.Epoch, time).CompareAsync(accounts(front, state.Epoch, cancellationToken), cancellationToken);
                if (await book.StateAsync(cancellationToken) == state)
                    return findings;
            }
            catch (FrontUnavailableException) when (attempt < MostAttempts)
            {
                if (await book.StateAsync(cancellationToken) == state)
                    throw;
            }

            if (attempt == MostAttempts)
                throw new FrontUnavailableException($"The front changed {MostAttempts} times while it was looked at; epoch {state.Epoch} is over.");
        }
    }

    private async Task<FrontInForce> OpenedAsync(CancellationToken cancellationToken)
    {
        for (var look = 1; ; look++)
        {
            var state = await book.StateAsync(cancellationToken);
            if (state.IsOpen)
                return state;
            if (look == MostOpeningLooks)
                throw new FrontUnavailableException($"Epoch {state.Epoch} is not open: its phase is '{state.Phase}'.");
            await Task.Delay(OpeningPause, time, cancellationToken);
        }
    }

    private async Task<IFrontSource> SourceAsync(FrontInForce state, CancellationToken cancellationToken)
    {
        if (!state.IsRedis)
            return new RowFrontSource(book.Source);
        if (servers is null)
        {
            servers = await RedisServers.ConnectAsync(
                redisConnection ?? throw new FrontSettingException($"not set, and epoch {state.Epoch} of the book has its front in Redis."),
                NullLogger.Instance,
                cancellationToken);
            owned.Add(servers);
        }

        return new RedisFrontSource(servers);
    }
}
