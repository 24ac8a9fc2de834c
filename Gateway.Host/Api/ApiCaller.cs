using Gateway.Host.Keys;

namespace Gateway.Host.Api;

/// <summary>Who calls the control plane, and in which workspace.</summary>
/// <param name="Key">The operator's key or a management key.</param>
/// <param name="Workspace">The tenant that the call is about.</param>
/// <param name="NamedWorkspace">Whether the operator named it.</param>
internal sealed record ApiCaller(KeySnapshot Key, string Workspace, bool NamedWorkspace)
{
    /// <summary>For audit records.</summary>
    public string Actor => Key.Id;

    /// <summary>Whether it is the operator.</summary>
    public bool IsOperator => Key.IsOperator;

    /// <summary>Whether the key has the scope, such as <c>keys:read</c>.</summary>
    public bool Has(string scope) => IsOperator || Key.Scopes.Contains("*", StringComparer.Ordinal) || Key.Scopes.Contains(scope, StringComparer.Ordinal);

    /// <summary>The caller that <see cref="ApiAuthentication"/> found.</summary>
    public static ApiCaller Of(HttpContext http) => (ApiCaller)http.Items[typeof(ApiCaller)]!;
}
