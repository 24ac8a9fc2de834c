using System.Collections.Immutable;
using Gateway.Transforms.Compression;

namespace Gateway.Transforms.Watchdog;

/// <summary>What one source has said: the newest closed buckets, the oldest first, and the open one.</summary>
/// <param name="Source">Who judged.</param>
/// <param name="Ring">At most <see cref="WatchdogLimits.RingSize"/> buckets.</param>
/// <param name="Open">The bucket that fills.</param>
/// <param name="Keys">Who filled it.</param>
/// <param name="LastAt">When its last score came.</param>
public sealed record SourceEvidence(ScoreSource Source, ImmutableArray<ArmBucket> Ring, ArmBucket Open, KeyShares Keys, DateTimeOffset LastAt)
{
    /// <summary>Nothing yet.</summary>
    public static SourceEvidence Empty(ScoreSource source, DateTimeOffset at) => new(source, [], default, KeyShares.None, at);

    /// <summary>With one score more; <c>null</c>: it is not counted, because its key or its arm has had its share of the open bucket.</summary>
    public SourceEvidence? Add(in Score score, DateTimeOffset now)
    {
        var arm = score.Arm == Arm.Control ? Open.Control : Open.Treated;
        if (arm.Count >= WatchdogLimits.MostInBucket || Keys.Admit(score.KeyId, score.Arm, arm.Count) is not { } keys)
            return null;

        var added = arm.Add(score.Millionths);
        var open = score.Arm == Arm.Control ? Open with { Control = added } : Open with { Treated = added };
        return open.IsFull
            ? this with { Ring = Buckets.Push(Ring, open), Open = default, Keys = keys.Next(), LastAt = now }
            : this with { Open = open, Keys = keys, LastAt = now };
    }

    /// <summary>What the newest <paramref name="window"/> buckets say; <c>null</c>: too little.</summary>
    public Contrast? Look(int window)
    {
        var sum = default(ArmBucket);
        foreach (ref readonly var bucket in Buckets.Newest(Ring, window))
            sum += bucket;
        return sum.Contrast;
    }
}

/// <summary>What shadow pairs have said; as <see cref="SourceEvidence"/>, without keys: they are the gateway's own.</summary>
/// <param name="Ring">At most <see cref="WatchdogLimits.RingSize"/> buckets.</param>
/// <param name="Open">The bucket that fills.</param>
/// <param name="LastAt">When the last pair came.</param>
public sealed record PairEvidence(ImmutableArray<PairBucket> Ring, PairBucket Open, DateTimeOffset LastAt)
{
    /// <summary>Nothing yet.</summary>
    public static PairEvidence Empty(DateTimeOffset at) => new([], default, at);

    /// <summary>With one pair more.</summary>
    public PairEvidence Add(in ScorePair pair, DateTimeOffset now)
    {
        var open = Open.Add(pair.Control, pair.Treated);
        return open.IsFull ? new PairEvidence(Buckets.Push(Ring, open), default, now) : this with { Open = open, LastAt = now };
    }

    /// <summary>What the newest <paramref name="window"/> buckets say; <c>null</c>: too little.</summary>
    public Contrast? Look(int window)
    {
        var sum = default(PairBucket);
        foreach (ref readonly var bucket in Buckets.Newest(Ring, window))
            sum += bucket;
        return sum.Contrast;
    }
}

/// <summary>Rings of buckets.</summary>
internal static class Buckets
{
    /// <summary>Adds the newest; the oldest goes where there are too many.</summary>
    public static ImmutableArray<T> Push<T>(ImmutableArray<T> ring, T newest) =>
        ring.Length < WatchdogLimits.RingSize ? ring.Add(newest) : [.. ring.AsSpan()[1..], newest];

    /// <summary>The newest so many, or as many as there are.</summary>
    public static ReadOnlySpan<T> Newest<T>(ImmutableArray<T> ring, int count) => ring.AsSpan()[Math.Max(ring.Length - count, 0)..];
}
