using Gateway.Host.Catalogue;
using Gateway.Transforms.Compression;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Host.Watchdog;

/// <summary>Wires the compression watchdog, before the control plane: without it every conversation gets what its rule asks for. Needs the ledger and the score store.</summary>
internal static class WatchdogServices
{
    /// <summary>Adds what scores, advises and samples; <see cref="WatchdogClock"/> and <see cref="ShadowPairs"/> are hosted where the program says.</summary>
    public static IServiceCollection AddWatchdog(this IServiceCollection services)
    {
        services.TryAddSingleton<Detectors>();
        services.TryAddSingleton<RunningConversations>();
        services.TryAddSingleton<UnitHash>();
        services.TryAddSingleton<WatchdogAdvisor>();
        services.TryAddSingleton<IStrengthAdvisor>(static provider => provider.GetRequiredService<WatchdogAdvisor>());
        services.TryAddSingleton<WatchdogMetrics>();
        services.TryAddSingleton<Scoring>();
        services.TryAddSingleton(static provider => new ShadowSampling(provider.GetRequiredService<Detectors>(), Random.Shared.NextDouble));
        services.TryAddSingleton<ChannelHttp>();
        services.TryAddSingleton<IShadowCaller, ShadowCaller>();
        services.TryAddSingleton<ShadowPairs>();
        services.TryAddSingleton<Shadowing>();
        return services;
    }
}
