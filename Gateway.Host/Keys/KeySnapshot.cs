using System.Net;
using Gateway.Ledger;

namespace Gateway.Host.Keys;

/// <summary>What a key may call.</summary>
internal enum KeyKind
{
    /// <summary>Models, under <c>/v1</c>.</summary>
    Inference,

    /// <summary>The control plane, under <c>/api</c>.</summary>
    Management,
}

/// <summary>A key as the request path sees it: immutable, never with the secret.</summary>
internal sealed record KeySnapshot
{
    /// <summary>The workspace of the operator's key: all of them.</summary>
    public const string AllWorkspaces = "*";

    /// <summary>The id, <c>key_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The tenant, <c>ws_…</c>; <see cref="AllWorkspaces"/> for the operator's.</summary>
    public required string Workspace { get; init; }

    /// <summary>The account that pays, <c>acc_…</c>.</summary>
    public required string Account { get; init; }

    /// <summary>The member who owns it.</summary>
    public string? MemberId { get; init; }

    /// <summary>What it may call.</summary>
    public required KeyKind Kind { get; init; }

    /// <summary>Models that it may use, such as <c>deepseek/*</c>, <c>deepseek/deepseek-chat</c> or <c>*</c>; <c>null</c>: all.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Route types in order of preference; <c>null</c>: official, then ordinary; empty: packs only.</summary>
    public IReadOnlyList<RouteType>? Routes { get; init; }

    /// <summary>When it stops working.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it works.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Labels of its requests.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Networks that it may call from; empty: any.</summary>
    public IReadOnlyList<IPNetwork> IpAllowList { get; init; } = [];

    /// <summary>Scopes of a management key, such as <c>keys:read</c> or <c>*</c>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Rates, concurrency and budget.</summary>
    public required KeyLimits Limits { get; init; }

    /// <summary>Whether it is the operator's key.</summary>
    public bool IsOperator => string.Equals(Workspace, AllWorkspaces, StringComparison.Ordinal);

    /// <summary>Whether only packs may pay for its calls.</summary>
    public bool PacksOnly => Routes is { Count: 0 };

    /// <summary>The account of a workspace: <c>ws_x</c> has <c>acc_x</c>.</summary>
    public static string AccountOf(string workspace) =>
        string.Concat("acc_", workspace.StartsWith("ws_", StringComparison.Ordinal) ? workspace.AsSpan(3) : workspace);

    /// <summary>The workspace of an account: <c>acc_x</c> is that of <c>ws_x</c>.</summary>
    public static string WorkspaceOf(string account) =>
        string.Concat("ws_", account.StartsWith("acc_", StringComparison.Ordinal) ? account.AsSpan(4) : account);

    /// <summary>Whether the allow-list has this model.</summary>
    public bool AllowsModel(string provider, string model)
    {
        if (Models is null)
            return true;
        foreach (var pattern in Models)
        {
            if (Matches(pattern, provider, model))
                return true;
        }

        return false;
    }

    /// <summary>Whether a call from this address is allowed.</summary>
    public bool AllowsAddress(IPAddress? address)
    {
        if (IpAllowList.Count == 0)
            return true;
        if (address is null)
            return false;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in IpAllowList)
        {
            if (network.Contains(plain))
                return true;
        }

        return false;
    }

    // A trailing star matches any rest; a pattern without a slash is a bare model name of any provider.
    // One with a slash names its provider, so that a reseller's "deepseek/…" is not let in by a pattern for DeepSeek itself.
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> provider, ReadOnlySpan<char> model)
    {
        if (pattern is "*")
            return true;
        if (pattern.Length > provider.Length && pattern[provider.Length] == '/' && pattern.StartsWith(provider, StringComparison.Ordinal))
            return MatchesName(pattern[(provider.Length + 1)..], model);
        return !pattern.Contains('/') && MatchesName(pattern, model);
    }

    private static bool MatchesName(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name) =>
        pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name.SequenceEqual(pattern);
}
