using Gateway.Host.Catalogue;
using Gateway.Host.Pipeline;
using Gateway.Transforms.Yarp;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Gateway.Host.Routing;

/// <summary>Wires which channel a call goes to, and how it gets there.</summary>
internal static class RoutingServices
{
    /// <summary>Adds the order of channels, their health, and what YARP needs to reach and to probe them; before <c>AddReverseProxy</c>.</summary>
    public static IServiceCollection AddChannelRouting(this IServiceCollection services)
    {
        services.AddChannelHealth();
        services.TryAddSingleton<ChannelLoad>();
        services.TryAddSingleton(static provider => new RouteOrder(
            provider.GetRequiredService<ChannelLoad>(), provider.GetRequiredService<ChannelHealth>(), Random.Shared.NextDouble));
        services.TryAddSingleton<IForwarderHttpClientFactory, UpstreamConnections>();
        services.TryAddSingleton<IProbeListener>(static provider => provider.GetRequiredService<ChannelHealth>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IActiveHealthCheckPolicy, UpstreamProbes>());
        return services;
    }

    /// <summary>Adds the health of channels alone, which the control plane shows. Needs the catalogue.</summary>
    public static IServiceCollection AddChannelHealth(this IServiceCollection services)
    {
        services.TryAddSingleton(static provider =>
        {
            var health = new ChannelHealth(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ChannelHealth>>());
            var catalogue = provider.GetRequiredService<CatalogueSource>();
            catalogue.Changed += () => health.Update(catalogue.Current);
            health.Update(catalogue.Current);
            return health;
        });
        return services;
    }
}
