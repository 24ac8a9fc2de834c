using Gateway.Host.Api.Accounts;
using Gateway.Host.Api.Audit;
using Gateway.Host.Api.Channels;
using Gateway.Host.Api.Evals;
using Gateway.Host.Api.Keys;
using Gateway.Host.Api.Members;
using Gateway.Host.Api.Models;
using Gateway.Host.Api.Presets;
using Gateway.Host.Api.ProxyRules;
using Gateway.Host.Api.Tags;
using Gateway.Host.Api.Workspaces;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Members;
using Gateway.Host.ProxyRules;
using Gateway.Host.Routing;
using Gateway.Host.Secrets;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Compression;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Host.Api;

/// <summary>Wires keys, catalogue and <c>/api</c>. Needs <see cref="Settings.GatewaySettings"/>, the ledger and the resource store in the container.</summary>
internal static class ControlPlane
{
    /// <summary>Adds what the control plane and the request path share.</summary>
    public static IServiceCollection AddControlPlane(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => MasterKeyFile.LoadOrCreate(provider.GetRequiredService<Settings.GatewaySettings>()));
        services.TryAddSingleton<SecretBox>();
        services.TryAddSingleton<KeyHasher>();
        services.TryAddSingleton<OperatorKey>();
        services.TryAddSingleton<KeyDirectory>();
        services.TryAddSingleton<MemberDirectory>();
        services.TryAddSingleton<CatalogueSource>();
        services.AddChannelHealth();
        services.TryAddSingleton(static _ => new RuleTypes(Gateway.Transforms.Rules.ProxyRules.All));
        services.TryAddSingleton<IAnswerStore>(static provider => new InProcessAnswerStore(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new CachingServices(
            provider.GetRequiredService<IAnswerStore>(), provider.GetRequiredService<TimeProvider>(), Embedder: null));
        services.TryAddSingleton<IStrengthAdvisor>(FullStrength.Instance);
        services.TryAddSingleton(static provider => new RuleServices
        {
            Time = provider.GetRequiredService<TimeProvider>(),
            Strengths = provider.GetRequiredService<IStrengthAdvisor>(),
            Caching = provider.GetRequiredService<CachingServices>(),
        });
        services.TryAddSingleton<RuleSource>();
        services.TryAddSingleton<IResourceNotices, NoResourceNotices>();
        services.TryAddSingleton<ResourceWriter>();
        services.TryAddSingleton<KeyEndpoints>();
        services.TryAddSingleton<ChannelEndpoints>();
        services.TryAddSingleton<ChannelTest>();
        services.TryAddSingleton<ModelWriter>();
        services.TryAddSingleton<ModelEndpoints>();
        services.TryAddSingleton<PriceImport>();
        services.TryAddSingleton<PresetEndpoints>();
        services.TryAddSingleton<AccountEndpoints>();
        services.TryAddSingleton<CorrectionEndpoints>();
        services.TryAddSingleton<MemberEndpoints>();
        services.TryAddSingleton<AuditEndpoints>();
        services.TryAddSingleton<ProxyRuleEndpoints>();
        services.TryAddSingleton<DryRun>();
        services.TryAddSingleton<TagEndpoints>();
        services.TryAddSingleton<WorkspaceEndpoints>();
        services.TryAddSingleton<EvalEndpoints>();
        return services;
    }

    /// <summary>Maps <c>/api</c>.</summary>
    public static IEndpointRouteBuilder MapControlPlane(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api");
        api.AddEndpointFilter(static async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (ApiRefusal refusal)
            {
                return refusal.Result;
            }
        });
        var authentication = ActivatorUtilities.CreateInstance<ApiAuthentication>(endpoints.ServiceProvider);
        api.AddEndpointFilter(authentication);
        KeyEndpoints.Map(api);
        ChannelEndpoints.Map(api);
        ModelEndpoints.Map(api);
        PresetEndpoints.Map(api);
        AccountEndpoints.Map(api);
        CorrectionEndpoints.Map(api);
        MemberEndpoints.Map(api);
        AuditEndpoints.Map(api);
        ProxyRuleEndpoints.Map(api);
        TagEndpoints.Map(api);
        WorkspaceEndpoints.Map(api);
        EvalEndpoints.Map(api);
        api.Map("/{**rest}", (HttpContext http) => IsMapped(endpoints, http.Request.Path) ? Problem.MethodNotAllowed() : Problem.NotFound());
        return endpoints;
    }

    private static bool IsMapped(IEndpointRouteBuilder endpoints, PathString path) => endpoints.DataSources
        .SelectMany(static source => source.Endpoints)
        .OfType<RouteEndpoint>()
        .Any(endpoint => endpoint.Metadata.GetMetadata<ScopeMetadata>() is not null
            && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(path, []));
}
