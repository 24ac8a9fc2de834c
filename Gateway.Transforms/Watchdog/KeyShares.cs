using System.Collections.Immutable;
using Gateway.Transforms.Compression;

namespace Gateway.Transforms.Watchdog;

/// <summary>Keeps one API key from deciding alone: it supplies at most a fifth of each arm of a bucket, and so of any window.</summary>
/// <remarks>Where k keys supply scores of the arm and k is less than five, the share is 1/k: a workspace with one key is watched too. Keys share 64 places, so that
/// no number of them makes the state grow; two that meet in a place count as one.</remarks>
/// <param name="Current">What each place supplied to the open bucket.</param>
/// <param name="BeforeControl">Places that supplied the control arm of the bucket before it, a bit each.</param>
/// <param name="BeforeTreated">Places that supplied its treated arm.</param>
public sealed record KeyShares(ImmutableArray<KeyShare> Current, ulong BeforeControl, ulong BeforeTreated)
{
    private const int Places = 64;

    /// <summary>Nobody yet.</summary>
    public static KeyShares None { get; } = new([], 0, 0);

    /// <summary>With one score more of this key; <c>null</c>: the key has had its share of the arm.</summary>
    /// <param name="keyId">The key; empty: the gateway's own, which is not counted.</param>
    /// <param name="arm">The arm that the score is for.</param>
    /// <param name="inArm">Scores that the arm of the open bucket has.</param>
    public KeyShares? Admit(string keyId, Arm arm, long inArm)
    {
        if (keyId.Length == 0)
            return this;

        var place = PlaceOf(keyId);
        var at = IndexOf(place);
        var own = at < 0 ? new KeyShare(place, 0, 0) : Current[at];
        var share = Math.Max(WatchdogLimits.ShareOfOneKey, 1.0 / Suppliers(place, arm));
        var most = Math.Max((int)Math.Ceiling(share * WatchdogLimits.BucketSize), (long)(share * (inArm + 1)));
        if ((arm == Arm.Control ? own.Control : own.Treated) >= most)
            return null;

        var added = arm == Arm.Control ? own with { Control = own.Control + 1 } : own with { Treated = own.Treated + 1 };
        return this with { Current = at < 0 ? Current.Add(added) : Current.SetItem(at, added) };
    }

    /// <summary>The open bucket was closed.</summary>
    public KeyShares Next() => new([], Mask(Arm.Control), Mask(Arm.Treated));

    private int IndexOf(int place)
    {
        for (var i = 0; i < Current.Length; i++)
        {
            if (Current[i].Place == place)
                return i;
        }

        return -1;
    }

    private ulong Mask(Arm arm)
    {
        var mask = 0UL;
        foreach (var key in Current)
            mask |= (arm == Arm.Control ? key.Control : key.Treated) > 0 ? 1UL << key.Place : 0;
        return mask;
    }

    private int Suppliers(int place, Arm arm) =>
        System.Numerics.BitOperations.PopCount((arm == Arm.Control ? BeforeControl : BeforeTreated) | Mask(arm) | (1UL << place));

    // FNV-1a: the same on every machine and in every process, unlike string.GetHashCode.
    private static int PlaceOf(string keyId)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in keyId)
            hash = (hash ^ character) * 1099511628211UL;
        return (int)((hash ^ (hash >> 32)) % Places);
    }
}

/// <summary>What the keys of one place supplied to a bucket.</summary>
/// <param name="Place">0 to 63.</param>
/// <param name="Control">Scores.</param>
/// <param name="Treated">Scores.</param>
public readonly record struct KeyShare(int Place, long Control, long Treated);
