using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Members;

/// <summary>From a key to the limits of the member who owns it: memory first, then the store. The cache does not grow beyond its bound.</summary>
internal sealed class MemberDirectory(IResourceStore store)
{
    /// <summary>Members kept in memory.</summary>
    public const int Capacity = 100_000;

    private volatile BoundedCache<Known> known = new(Capacity);
    private long invalidations;

    /// <summary>The limits; a member whom nobody has described yet has none, but is counted. <c>null</c>: the key names no member of its own workspace.</summary>
    public ValueTask<MemberLimits?> LimitsOfAsync(KeySnapshot key, CancellationToken cancellationToken)
    {
        if (key.MemberId is not { } memberId)
            return ValueTask.FromResult<MemberLimits?>(null);
        return known.TryGet(memberId, out var member) ? ValueTask.FromResult(member.For(key)) : LoadAsync(key, memberId, cancellationToken);
    }

    /// <summary>Forgets a member who was changed: the next call loads it.</summary>
    public void Invalidate(string memberId)
    {
        Interlocked.Increment(ref invalidations);
        known.Remove(memberId);
    }

    /// <summary>Forgets all, when it is not known who was changed.</summary>
    public void InvalidateAll()
    {
        Interlocked.Increment(ref invalidations);
        known = new BoundedCache<Known>(Capacity);
    }

    private async ValueTask<MemberLimits?> LoadAsync(KeySnapshot key, string memberId, CancellationToken cancellationToken)
    {
        var before = Interlocked.Read(ref invalidations);
        var resource = await store.FindAsync(MemberFields.ResourceKind, memberId, cancellationToken);
        var member = resource is null
            ? new Known(Workspace: null, new MemberLimits { MemberId = memberId })
            : new Known(resource.Workspace, MemberFields.ToLimits(resource));

        // What was read before an invalidation may be what it was about: it serves this call and is not kept.
        if (Interlocked.Read(ref invalidations) == before)
        {
            known.Set(memberId, member);
            if (Interlocked.Read(ref invalidations) != before)
                known.Remove(memberId);
        }

        return member.For(key);
    }

    private sealed record Known(string? Workspace, MemberLimits Limits)
    {
        // A key that names another tenant's member must not spend that member's allowance.
        public MemberLimits? For(KeySnapshot key) =>
            Workspace is null || string.Equals(Workspace, key.Workspace, StringComparison.Ordinal) ? Limits : null;
    }
}
