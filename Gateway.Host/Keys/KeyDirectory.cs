using System.Data.Common;
using Gateway.Ledger.Book;

namespace Gateway.Host.Keys;

/// <summary>From a token to its key: memory first, then the store. Neither cache grows beyond its bound.</summary>
internal sealed class KeyDirectory(IResourceStore store, KeyHasher hasher, OperatorKey operatorKey, TimeProvider time)
{
    /// <summary>Keys kept in memory.</summary>
    public const int Capacity = 100_000;

    /// <summary>Unknown tokens remembered, so that a flood of one costs the store nothing.</summary>
    public const int UnknownCapacity = 10_000;

    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(30);

    private readonly BoundedCache<Known> known = new(Capacity);
    private readonly BoundedCache<string> macs = new(Capacity);
    private readonly BoundedCache<long> unknown = new(UnknownCapacity);
    private long lookups;
    private long invalidations;
    private long generation;

    /// <summary>How often the store was asked.</summary>
    public long Lookups => Interlocked.Read(ref lookups);

    /// <summary>The key of this token, disabled and expired ones too; <c>null</c>: none. A wrong checksum costs no hash and no look-up.</summary>
    public async ValueTask<KeySnapshot?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (operatorKey.MatchConfigured(token) is { } configured)
            return configured;
        if (!ApiKeyFormat.HasValidChecksum(token))
            return null;

        var mac = hasher.Mac(token);
        if (known.TryGet(mac, out var kept))
            return kept.Generation == Interlocked.Read(ref generation) ? kept.Key : await LoadAgainAsync(token, mac, kept.Key, cancellationToken);
        if (operatorKey.MatchStored(mac) is { } stored)
            return stored;
        if (unknown.TryGet(mac, out var since) && time.GetElapsedTime(since) < UnknownFor)
            return null;

        return await LoadAsync(token, mac, cancellationToken);
    }

    /// <summary>Forgets a key that was changed or deleted: the next call loads it.</summary>
    public void Invalidate(string keyId)
    {
        Interlocked.Increment(ref invalidations);
        if (macs.TryGet(keyId, out var mac))
        {
            known.Remove(mac);
            macs.Remove(keyId);
        }
    }

    /// <summary>Some resource was changed by another gateway: every key is looked at again at its next call.</summary>
    public void Refresh() => Interlocked.Increment(ref generation);

    // While the store is away a key is what it was: calls go on from the front.
    private async ValueTask<KeySnapshot?> LoadAgainAsync(string token, string mac, KeySnapshot kept, CancellationToken cancellationToken)
    {
        try
        {
            if (await LoadAsync(token, mac, cancellationToken) is { } loaded)
                return loaded;
            known.Remove(mac);
            return null;
        }
        catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
        {
            return kept;
        }
    }

    private async Task<KeySnapshot?> LoadAsync(string token, string mac, CancellationToken cancellationToken)
    {
        var before = Interlocked.Read(ref invalidations);
        var current = Interlocked.Read(ref generation);
        Interlocked.Increment(ref lookups);
        var resource = await store.FindByLookupAsync(KeyDocument.ResourceKind, mac, cancellationToken)
            ?? await FindUnderPreviousPepperAsync(token, mac, cancellationToken);
        if (resource is null)
        {
            foreach (var previous in hasher.PreviousMacs(token))
            {
                if (operatorKey.MatchStored(previous) is { } stored)
                {
                    await operatorKey.RehashAsync(mac, cancellationToken);
                    return stored;
                }
            }

            unknown.Set(mac, time.GetTimestamp());
            return null;
        }

        var snapshot = KeyDocument.ToSnapshot(resource);

        // What was read before an invalidation may be what it was about: it serves this call and is not kept.
        if (Interlocked.Read(ref invalidations) == before)
        {
            macs.Set(resource.Id, mac);
            known.Set(mac, new Known(snapshot, current));
            if (Interlocked.Read(ref invalidations) != before)
                known.Remove(mac);
        }

        return snapshot;
    }

    private async Task<Resource?> FindUnderPreviousPepperAsync(string token, string mac, CancellationToken cancellationToken)
    {
        foreach (var previous in hasher.PreviousMacs(token))
        {
            if (await store.FindByLookupAsync(KeyDocument.ResourceKind, previous, cancellationToken) is not { } resource)
                continue;

            // Lost to a writer that came between: the next call tries again.
            var rehashed = resource with { Lookup = mac, UpdatedAt = time.GetUtcNow() };
            return await store.UpdateAsync(rehashed, resource.Version, new Authorship("gateway"), cancellationToken) is WriteResult.Written written
                ? written.Resource
                : resource;
        }

        return null;
    }

    private sealed record Known(KeySnapshot Key, long Generation);
}
