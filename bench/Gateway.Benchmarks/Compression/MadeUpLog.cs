using System.Globalization;
using System.Text;

namespace Gateway.Benchmarks.Compression;

/// <summary>Logs of a service that does not exist, the same for the same seed. They show the steps at work; savings on real logs differ.</summary>
internal static class MadeUpLog
{
    private const int Lines = 2_000;

    /// <summary>Writes a log: mostly requests, with polling that repeats, a few warnings and rare errors.</summary>
    public static byte[] Write(int seed)
    {
        var random = new Random(seed);
        var time = new DateTime(2026, 3, 14, 9, 0, 0, DateTimeKind.Utc);
        var log = new StringBuilder();
        for (var i = 0; i < Lines; i++)
        {
            time = time.AddMilliseconds(random.Next(5, 900));
            log.Append(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd HH:mm:ss,fff} ").Append(Message(random)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(log.ToString());
    }

    private static string Message(Random random) => random.Next(100) switch
    {
        < 55 => string.Create(CultureInfo.InvariantCulture, $"INFO [http-{random.Next(16)}] GET /orders/{random.Next(100_000)} 200 in {random.Next(3, 250)} ms"),
        < 75 => "INFO [poller] no new messages in queue billing",
        < 90 => string.Create(CultureInfo.InvariantCulture, $"DEBUG [cache] evicted {random.Next(400)} entries, {random.Next(60_000)} left"),
        < 98 => string.Create(CultureInfo.InvariantCulture, $"WARN [db] slow query took {random.Next(1_000, 9_000)} ms on shard {random.Next(8)}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"ERROR [pay] charge {random.Next(1_000_000)} failed: card declined"),
    };
}
