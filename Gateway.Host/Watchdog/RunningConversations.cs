using System.Collections.Concurrent;
using Gateway.Transforms.Compression;

namespace Gateway.Host.Watchdog;

/// <summary>What conversations got last, so that a provider's prompt cache outlives the watchdog's changes of mind.</summary>
/// <remarks>Bounded, and of this gateway alone: a conversation that moves to another gateway is new there. Two tables take turns, so that forgetting costs
/// nothing: what was not seen for <see cref="Idle"/> is no longer running, and is gone from memory after twice that.</remarks>
internal sealed class RunningConversations(TimeProvider time)
{
    /// <summary>Most conversations of one table; there are two.</summary>
    public const int Capacity = 50_000;

    /// <summary>A provider's cache is cold after five to ten minutes.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private volatile Tables tables = new(old: null, time.GetTimestamp());

    /// <summary>Conversations in memory.</summary>
    public int Count => tables.Young.Count + (tables.Old?.Count ?? 0);

    /// <summary>What the conversation got, if it is running.</summary>
    /// <param name="unit">Its keyed hash.</param>
    /// <param name="wanted">The strength that its rule asks for: another is an edit of the rule, which applies at once.</param>
    public Treatment? Find(ulong unit, Strength wanted)
    {
        var current = tables;
        var found = current.Young.TryGetValue((unit, wanted), out var treatment) || (current.Old?.TryGetValue((unit, wanted), out treatment) ?? false);
        return found && time.GetElapsedTime(treatment.SeenAt) < Idle ? treatment : null;
    }

    /// <summary>It got this just now.</summary>
    public void Remember(ulong unit, Strength wanted, Treatment treatment)
    {
        var current = tables;
        if (current.Added >= Capacity || time.GetElapsedTime(current.Since) >= Idle)
            current = Turn(current);

        var seen = treatment with { SeenAt = time.GetTimestamp() };
        if (current.Young.TryAdd((unit, wanted), seen))
            current.CountOne();
        else
            current.Young[(unit, wanted)] = seen;
    }

    private Tables Turn(Tables full)
    {
        var next = new Tables(full.Young, time.GetTimestamp());
        return Interlocked.CompareExchange(ref tables, next, full) == full ? next : tables;
    }

    private sealed class Tables(ConcurrentDictionary<(ulong Unit, Strength Wanted), Treatment>? old, long since)
    {
        private int added;

        public ConcurrentDictionary<(ulong Unit, Strength Wanted), Treatment> Young { get; } = new();

        public ConcurrentDictionary<(ulong Unit, Strength Wanted), Treatment>? Old { get; } = old;

        public long Since { get; } = since;

        // Not the dictionary's own count, which takes all of its locks.
        public int Added => Volatile.Read(ref added);

        public void CountOne() => Interlocked.Increment(ref added);
    }
}

/// <summary>What a conversation gets.</summary>
/// <param name="Strength">The strength; <see cref="Strength.Off"/> for the control and while paused.</param>
/// <param name="Arm">Its arm.</param>
/// <param name="Watched">The strength whose detector decided.</param>
/// <param name="Edition">That detector's edition.</param>
internal readonly record struct Treatment(Strength Strength, Arm Arm, Strength Watched, int Edition)
{
    /// <summary>When it was seen last; a timestamp of the clock.</summary>
    public long SeenAt { get; init; }
}
