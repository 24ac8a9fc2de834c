using System.Data.Common;

namespace Gateway.Host.Watchdog;

/// <summary>Ends the rests of paused rules when their time has come; of several gateways the first one does it.</summary>
internal sealed partial class WatchdogClock(Detectors detectors, Scoring scoring, TimeProvider time, ILogger<WatchdogClock> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var detector in detectors.Rested(time.GetUtcNow()))
            await scoring.AdvanceAsync(detector, cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
            {
                LogLater(exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(412, LogLevel.Warning, "A rest that is over could not be ended; again shortly: {Reason}")]
    private partial void LogLater(string reason);
}
