using System.Data.Common;
using Gateway.Host.Keys;
using Gateway.Host.Members;
using Gateway.Host.Settings;
using Gateway.Host.Watchdog;
using Gateway.Ledger.Book;

namespace Gateway.Host.Catalogue;

/// <summary>Learns within half a second that another gateway has changed a resource, and reads the catalogue, keys, members and detectors anew.</summary>
internal sealed partial class ResourceWatch(
    IResourceStore store, CatalogueSource catalogue, KeyDirectory keys, MemberDirectory members, Detectors detectors, TimeProvider time, ILogger<ResourceWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        long seen = 0;
        do
        {
            var version = seen;
            try
            {
                version = await store.ResourceVersionAsync(stoppingToken);
                if (version == seen)
                    continue;

                keys.Refresh();
                members.Refresh();
                await detectors.ReloadAsync(stoppingToken);
                await catalogue.ReloadAsync(stoppingToken);
                seen = version;
            }
            catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
            {
                LogNotRead(exception.Message);
            }
            catch (SettingException mistake)
            {
                // The catalogue stays as it was; what was stored with it is read at the next change.
                seen = version;
                LogNotRead(mistake.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(1, LogLevel.Warning, "Changes of other gateways could not be read; again shortly: {Reason}")]
    private partial void LogNotRead(string reason);
}
