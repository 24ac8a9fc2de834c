using System.Data.Common;
using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Members;

/// <summary>From a key to the limits of the member who owns it: memory first, then the store. The cache does not grow beyond its bound.</summary>
internal sealed class MemberDirectory(IResourceStore store)
{
    /// <summary>Members kept in memory.</summary>
    public const int Capacity = 100_000;

    private readonly BoundedCache<Known> known = new(Capacity);
    private long invalidations;
    private long generation;

    /// <summary>The limits; a member whom nobody has described yet has none, but is counted. <c>null</c>: the key names no member of its own workspace.</summary>
    public ValueTask<MemberLimits?> LimitsOfAsync(KeySnapshot key, CancellationToken cancellationToken)
    {
        if (key.MemberId is not { } memberId)
            return ValueTask.FromResult<MemberLimits?>(null);
        if (!known.TryGet(memberId, out var member))
            return LoadAsync(key, memberId, cancellationToken);
        return member.Generation == Interlocked.Read(ref generation)
            ? ValueTask.FromResult(member.For(key))
            : LoadAgainAsync(key, memberId, member, cancellationToken);
    }

    /// <summary>Forgets a member who was changed: the next call loads it.</summary>
    public void Invalidate(string memberId)
    {
        Interlocked.Increment(ref invalidations);
        known.Remove(memberId);
    }

    /// <summary>Some resource was changed, and it is not known which: every member is looked at again at the next call.</summary>
    public void Refresh() => Interlocked.Increment(ref generation);

    // While the store is away a member's limits are what they were.
    private async ValueTask<MemberLimits?> LoadAgainAsync(KeySnapshot key, string memberId, Known kept, CancellationToken cancellationToken)
    {
        try
        {
            return await LoadAsync(key, memberId, cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
        {
            return kept.For(key);
        }
    }

    private async ValueTask<MemberLimits?> LoadAsync(KeySnapshot key, string memberId, CancellationToken cancellationToken)
    {
        var before = Interlocked.Read(ref invalidations);
        var current = Interlocked.Read(ref generation);
        var resource = await store.FindAsync(MemberFields.ResourceKind, memberId, cancellationToken);
        var member = resource is null
            ? new Known(Workspace: null, new MemberLimits { MemberId = memberId }, current)
            : new Known(resource.Workspace, MemberFields.ToLimits(resource), current);

        // What was read before an invalidation may be what it was about: it serves this call and is not kept.
        if (Interlocked.Read(ref invalidations) == before)
        {
            known.Set(memberId, member);
            if (Interlocked.Read(ref invalidations) != before)
                known.Remove(memberId);
        }

        return member.For(key);
    }

    private sealed record Known(string? Workspace, MemberLimits Limits, long Generation)
    {
        // A key that names another tenant's member must not spend that member's allowance.
        public MemberLimits? For(KeySnapshot key) =>
            Workspace is null || string.Equals(Workspace, key.Workspace, StringComparison.Ordinal) ? Limits : null;
    }
}
