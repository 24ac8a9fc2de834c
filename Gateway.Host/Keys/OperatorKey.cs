using System.Security.Cryptography;
using System.Text;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Keys;

/// <summary>The operator's key: configured, or made at the first start, shown once and kept as a MAC.</summary>
internal sealed class OperatorKey(GatewaySettings settings, IResourceStore store, KeyHasher hasher, TimeProvider time)
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "operator";
    private const string Id = "operator";

    private static readonly KeySnapshot Operator = new()
    {
        Id = Id,
        Workspace = KeySnapshot.AllWorkspaces,
        Account = KeySnapshot.AllWorkspaces,
        Kind = KeyKind.Management,
        Scopes = ["*"],
        Limits = new KeyLimits { KeyId = Id },
    };

    private readonly byte[]? configured = settings.AdminKey is null ? null : Encoding.UTF8.GetBytes(settings.AdminKey);
    private volatile string? storedMac;

    /// <summary>Makes the key unless there is one.</summary>
    /// <returns>The secret, to be printed this once; <c>null</c>: there was one already.</returns>
    public async Task<string?> EnsureAsync(CancellationToken cancellationToken)
    {
        if (configured is not null)
            return null;

        var stored = await store.FindAsync(ResourceKind, Id, cancellationToken);
        if (stored is null)
        {
            var secret = ApiKeyFormat.NewManagementKey();
            var mac = hasher.Mac(secret);
            var now = time.GetUtcNow();
            var resource = new Resource(ResourceKind, Id, KeySnapshot.AllWorkspaces, mac, "{}"u8.ToArray(), 1, now, now);
            if (await store.CreateAsync(resource, new Authorship(Id), cancellationToken) is WriteResult.Written)
            {
                storedMac = mac;
                return secret;
            }

            stored = await store.FindAsync(ResourceKind, Id, cancellationToken);
        }

        storedMac = stored?.Lookup;
        return null;
    }

    /// <summary>The operator if the token is the configured key; no hash, no look-up.</summary>
    public KeySnapshot? MatchConfigured(string token)
    {
        if (configured is null || token.Length != configured.Length)
            return null;
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), configured) ? Operator : null;
    }

    /// <summary>The operator if the MAC is the stored key's.</summary>
    public KeySnapshot? MatchStored(string mac) =>
        storedMac is { } stored && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(mac), Encoding.UTF8.GetBytes(stored)) ? Operator : null;

    /// <summary>Keeps the MAC under the current pepper after a rotation of the master key.</summary>
    public async Task RehashAsync(string mac, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(ResourceKind, Id, cancellationToken) is { } stored
            && await store.UpdateAsync(stored with { Lookup = mac, UpdatedAt = time.GetUtcNow() }, stored.Version, new Authorship(Id), cancellationToken) is WriteResult.Written)
        {
            storedMac = mac;
        }
    }
}
