using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Ledger.Book;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Host.Responses;

/// <summary>Stored responses: what the gateway needs to find who made them, and its endpoints.</summary>
internal static class ResponsesServices
{
    /// <summary>Adds what remembers and passes stored responses.</summary>
    /// <param name="services">The services.</param>
    /// <param name="store">The book.</param>
    /// <param name="isShared">Whether other gateways write to it.</param>
    public static void AddStoredResponses(this IServiceCollection services, IResponseOrigins store, bool isShared)
    {
        services.TryAddSingleton<ChannelHttp>();
        services.AddSingleton(provider => new ResponseOrigins(
            store, isShared, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ResponseOrigins>>()));
        services.AddHostedService(static provider => provider.GetRequiredService<ResponseOrigins>());
        services.AddSingleton(static provider =>
        {
            var catalogue = provider.GetRequiredService<CatalogueSource>();
            return new StoredResponses(
                provider.GetRequiredService<ResponseOrigins>(), () => catalogue.Current, provider.GetRequiredService<ChannelHttp>(),
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<StoredResponses>>());
        });
    }

    /// <summary>Maps the endpoints under <paramref name="prefix"/> (<c>/v1</c>, or nothing).</summary>
    /// <param name="endpoints">The routes.</param>
    /// <param name="prefix">What stands before <c>/responses</c>.</param>
    /// <param name="withKey">Authenticates the caller, and calls on.</param>
    public static void MapStoredResponses(
        this IEndpointRouteBuilder endpoints, string prefix, Func<HttpContext, Func<HttpContext, KeySnapshot, Task>, Task> withKey)
    {
        endpoints.MapGet($"{prefix}/responses/{{id}}", (RequestDelegate)(http => withKey(http, static (http, key) => Of(http).ReadAsync(http, key))));
        endpoints.MapDelete($"{prefix}/responses/{{id}}", (RequestDelegate)(http => withKey(http, static (http, key) => Of(http).DeleteAsync(http, key))));
        endpoints.MapGet($"{prefix}/responses/{{id}}/input_items", (RequestDelegate)(http => withKey(http, static (http, key) => Of(http).InputItemsAsync(http, key))));
        endpoints.MapPost($"{prefix}/responses/{{id}}/cancel", (RequestDelegate)(http => withKey(http, static (http, _) => StoredResponses.CancelAsync(http))));
    }

    private static StoredResponses Of(HttpContext http) => http.RequestServices.GetRequiredService<StoredResponses>();
}
