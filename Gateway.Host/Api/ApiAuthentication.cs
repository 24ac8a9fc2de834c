using Gateway.Host.Keys;

namespace Gateway.Host.Api;

/// <summary>Says what an endpoint asks of a caller; <paramref name="Scope"/> <c>operator</c>: the operator alone; <c>any</c>: a management key, whatever its scopes.</summary>
internal sealed record ScopeMetadata(string Scope)
{
    public const string Operator = "operator";
    public const string Any = "any";
}

/// <summary>Lets nobody past without a key that may: an endpoint without a scope is a bug, not a door.</summary>
internal sealed class ApiAuthentication(KeyDirectory keys, TimeProvider time) : IEndpointFilter
{
    private const int MostTokenCharacters = 512;

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (Credentials(http.Request) is not { Count: > 0 } credentials)
            return Problem.Unauthorized();
        if (credentials.Count > 1)
            return Problem.AmbiguousCredentials();

        var token = credentials.First();
        var key = token.Length > MostTokenCharacters ? null : await keys.FindAsync(token, http.RequestAborted);
        if (key is not { Kind: KeyKind.Management, Enabled: true } || key.ExpiresAt <= time.GetUtcNow())
            return Problem.Unauthorized();
        if (!key.AllowsAddress(http.Connection.RemoteIpAddress))
            return Problem.Forbidden("It may not be used from this address.");

        var named = http.Request.Headers["X-Workspace"].ToString();
        if (named.Length > 0 && !NameShapes.WorkspaceId(named))
            return Problem.Invalid("X-Workspace", NameShapes.WorkspaceMessage);
        var workspace = key.IsOperator ? (named.Length > 0 ? named : "ws_default") : key.Workspace;
        if (named.Length > 0 && !string.Equals(named, workspace, StringComparison.Ordinal))
            return Problem.Forbidden("It acts in its own workspace alone.");

        var caller = new ApiCaller(key, workspace, named.Length > 0);
        var scope = http.GetEndpoint()?.Metadata.GetMetadata<ScopeMetadata>()?.Scope;
        if (scope is not null and not ScopeMetadata.Any && !(string.Equals(scope, ScopeMetadata.Operator, StringComparison.Ordinal) ? caller.IsOperator : caller.Has(scope)))
            return Problem.Forbidden($"It asks for the scope {scope}.");
        http.Items[typeof(ApiCaller)] = caller;
        http.Response.Headers.CacheControl = "no-store";
        return await next(context);
    }

    private static HashSet<string> Credentials(HttpRequest request)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var authorization in request.Headers.Authorization)
        {
            if (authorization is not null && authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
                found.Add(authorization["Bearer ".Length..].Trim());
        }

        foreach (var value in request.Headers["x-api-key"].Concat(request.Headers["api-key"]))
        {
            if (!string.IsNullOrEmpty(value))
                found.Add(value);
        }

        return found;
    }
}
