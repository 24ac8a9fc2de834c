using Gateway.Host.Keys;
using Gateway.Host.OpenAi;

namespace Gateway.Host.Pipeline;

/// <summary>Step 1: whose call it is. A key may come in three headers; two that differ are refused.</summary>
internal sealed class Credentials(KeyDirectory keys, TimeProvider time)
{
    /// <summary>The key, or why it is refused.</summary>
    public async ValueTask<(KeySnapshot? Key, GatewayError? Error)> AuthenticateAsync(HttpContext http)
    {
        if (!TryReadToken(http.Request.Headers, out var token))
            return (null, GatewayError.AmbiguousCredentials);
        if (token is null)
            return (null, GatewayError.MissingKey);
        if (await keys.FindAsync(token, http.RequestAborted) is not { } key)
            return (null, GatewayError.InvalidKey);
        if (!key.Enabled)
            return (null, GatewayError.DisabledKey);
        if (key.ExpiresAt <= time.GetUtcNow())
            return (null, GatewayError.ExpiredKey);
        if (!key.AllowsAddress(http.Connection.RemoteIpAddress))
            return (null, GatewayError.IpNotAllowed);
        return key.Kind == KeyKind.Inference ? (key, null) : (null, GatewayError.WrongKindOfKey);
    }

    private static bool TryReadToken(IHeaderDictionary headers, out string? token)
    {
        token = null;
        return Add(headers.Authorization, isBearer: true, ref token)
            && Add(headers["x-api-key"], isBearer: false, ref token)
            && Add(headers["api-key"], isBearer: false, ref token);
    }

    private static bool Add(Microsoft.Extensions.Primitives.StringValues values, bool isBearer, ref string? token)
    {
        const string bearer = "Bearer ";
        foreach (var value in values)
        {
            if (string.IsNullOrWhiteSpace(value))
                continue;

            var found = isBearer && value.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? value[bearer.Length..].Trim() : value.Trim();
            if (token is not null && !string.Equals(token, found, StringComparison.Ordinal))
                return false;
            token = found;
        }

        return true;
    }
}
