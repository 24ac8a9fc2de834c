using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Ledger.Recording;

/// <summary>The calls that are settled and not in the book yet: their receipts are read from here. Bounded by admission (<c>Gateway__MaxUnrecorded</c>).</summary>
internal sealed class PendingCalls
{
    private readonly ConcurrentDictionary<ReceiptId, Hold> calls = new();
    private long count;

    public long Count => Interlocked.Read(ref count);

    public void Add(Hold hold)
    {
        if (calls.TryAdd(hold.ReceiptId, hold))
            Interlocked.Increment(ref count);
    }

    public void Remove(ReceiptId id)
    {
        if (calls.TryRemove(id, out _))
            Interlocked.Decrement(ref count);
    }

    public bool TryGet(ReceiptId id, [NotNullWhen(true)] out SettledCall? call)
    {
        call = calls.TryGetValue(id, out var hold) ? hold.Settled : null;
        return call is not null;
    }

    /// <summary>The settled calls of a run.</summary>
    public IEnumerable<SettledCall> OfRun(RunQuery query)
    {
        foreach (var (_, hold) in calls)
        {
            if (hold.Settled is { } call && query.Has(call))
                yield return call;
        }
    }

    /// <summary>Settled before the moment and never finished.</summary>
    public IEnumerable<Hold> Unfinished(DateTimeOffset settledBefore)
    {
        foreach (var (_, hold) in calls)
        {
            if (Volatile.Read(ref hold.Finished) == 0 && hold.Settled is { } call && call.SettledAt < settledBefore)
                yield return hold;
        }
    }
}
