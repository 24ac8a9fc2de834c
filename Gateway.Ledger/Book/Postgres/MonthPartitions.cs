using System.Collections.Concurrent;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>The months that receipts and entries have partitions for: this one and the next two, made once a day, and any other that a late call needs.</summary>
internal sealed partial class MonthPartitions(NpgsqlDataSource source, TimeProvider time, ILogger logger)
{
    private const int MonthsAhead = 2;
    private const string MakeMonth = "select make_month(@month::date)";

    private readonly ConcurrentDictionary<DateOnly, bool> made = new();
    private long lookedAtDay = -1;

    /// <summary>Makes the months ahead; what fails here fails at the start.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref lookedAtDay, Today());
        await MakeAheadAsync(cancellationToken);
    }

    /// <summary>Returns when there are partitions for these moments.</summary>
    public async Task EnsureAsync(IEnumerable<DateTimeOffset> moments, CancellationToken cancellationToken)
    {
        foreach (var moment in moments)
            await EnsureAsync(MonthOf(moment), cancellationToken);

        var today = Today();
        if (Interlocked.Exchange(ref lookedAtDay, today) == today)
            return;

        try
        {
            await MakeAheadAsync(cancellationToken);
        }
        catch (NpgsqlException failed)
        {
            // Nobody needs these months yet; a batch that does makes its own or fails aloud.
            LogNotAhead(logger, failed);
        }
    }

    /// <summary>Asks the database again about every month that is needed next.</summary>
    public void Forget() => made.Clear();

    private async Task MakeAheadAsync(CancellationToken cancellationToken)
    {
        var month = MonthOf(time.GetUtcNow());
        for (var ahead = 0; ahead <= MonthsAhead; ahead++)
            await EnsureAsync(month.AddMonths(ahead), cancellationToken);
    }

    private async Task EnsureAsync(DateOnly month, CancellationToken cancellationToken)
    {
        if (made.ContainsKey(month))
            return;

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            MakeMonth, new { month = month.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }, cancellationToken: cancellationToken));
        made[month] = true;
    }

    private long Today() => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).DayNumber;

    private static DateOnly MonthOf(DateTimeOffset moment) => new(moment.UtcDateTime.Year, moment.UtcDateTime.Month, 1);

    [LoggerMessage(21, LogLevel.Warning, "The book's partitions of the coming months were not made; the next try is tomorrow.")]
    private static partial void LogNotAhead(ILogger logger, Exception exception);
}
