using Gateway.Host.Catalogue;
using Gateway.Host.Settings;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Host.Caching;

/// <summary>Wires what <c>cache_enable</c> rules share: Redis where the gateways have one, this process's memory else.</summary>
internal static class AnswerCaching
{
    /// <summary>Adds it.</summary>
    /// <param name="services">The container.</param>
    /// <param name="settings">The bounds, and the model that embeds.</param>
    /// <param name="connection">To Redis; <c>null</c>: there is none.</param>
    public static void AddAnswerCaching(this IServiceCollection services, GatewaySettings settings, CacheConnection? connection)
    {
        services.TryAddSingleton<ChannelHttp>();
        if (settings.CacheEmbeddingModel is { } model)
        {
            services.TryAddSingleton<IEmbedder>(provider =>
            {
                var catalogue = provider.GetRequiredService<CatalogueSource>();
                return new UpstreamEmbedder(model, () => catalogue.Current, provider.GetRequiredService<ChannelHttp>(), provider.GetRequiredService<ILogger<UpstreamEmbedder>>());
            });
        }

        services.TryAddSingleton<IAnswerStore>(provider => connection is null
            ? new InProcessAnswerStore(provider.GetRequiredService<TimeProvider>()) { MaxBytes = settings.CacheBytes }
            : new RedisAnswerStore(connection, new RedisStoreBounds { WorkspaceBytes = settings.CacheBytes }));
        services.TryAddSingleton(provider =>
        {
            var (store, time) = (provider.GetRequiredService<IAnswerStore>(), provider.GetRequiredService<TimeProvider>());
            return new CachingServices(store, time, provider.GetService<IEmbedder>()) { Questions = new QuestionIndex(store, time) { MaxBytes = settings.CacheBytes } };
        });
    }
}
