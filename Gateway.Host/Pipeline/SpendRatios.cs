using Gateway.Host.Keys;
using Gateway.Ledger;

namespace Gateway.Host.Pipeline;

/// <summary>What share of their worst case a key's recent calls have cost: the basis of an expected cost. In memory, of this gateway's calls.</summary>
internal sealed class SpendRatios
{
    private const int MaxKeys = 10_000;
    private const long Million = 1_000_000;

    // A mean that forgets: an app that changes its prompts is quoted right after some fifty calls.
    private const int Window = 50;

    private readonly BoundedCache<Mean> _means = new(MaxKeys);

    /// <summary>Notes a complete call.</summary>
    public void Note(string keyId, Credits worstCase, Credits cost)
    {
        if (worstCase <= Credits.Zero)
            return;

        if (!_means.TryGet(keyId, out var mean))
            _means.Set(keyId, mean = new Mean());
        lock (mean)
        {
            mean.Calls++;
            var ratio = (long)Int128.Min((Int128)cost.Nano * Million / worstCase.Nano, Million);
            mean.PartsPerMillion += (ratio - mean.PartsPerMillion) / Math.Min(mean.Calls, Window);
        }
    }

    /// <summary>What a worst case will probably cost; <c>null</c>: the key has not called lately.</summary>
    public Credits? Expect(string keyId, Credits worstCase)
    {
        if (!_means.TryGet(keyId, out var mean))
            return null;

        lock (mean)
            return new Credits((long)((Int128)worstCase.Nano * mean.PartsPerMillion / Million));
    }

    private sealed class Mean
    {
        public long Calls;
        public long PartsPerMillion;
    }
}
