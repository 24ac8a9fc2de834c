using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Host.Keys;

/// <summary>A map in memory that never holds more than its capacity: the oldest entry goes first. Reading takes no lock.</summary>
internal sealed class BoundedCache<TValue>(int capacity)
{
    private readonly ConcurrentDictionary<string, TValue> entries = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private readonly Lock gate = new();

    /// <summary>How many entries there are.</summary>
    public int Count => entries.Count;

    /// <summary>Looks up.</summary>
    public bool TryGet(string key, [MaybeNullWhen(false)] out TValue value) => entries.TryGetValue(key, out value);

    /// <summary>Adds or replaces.</summary>
    public void Set(string key, TValue value)
    {
        lock (gate)
        {
            if (!entries.ContainsKey(key))
            {
                // A removed key may still stand in the order, so the order is what is bounded; every entry stands in it.
                while (order.Count >= capacity)
                    entries.TryRemove(order.Dequeue(), out _);
                order.Enqueue(key);
            }

            entries[key] = value;
        }
    }

    /// <summary>Removes.</summary>
    public void Remove(string key)
    {
        lock (gate)
            entries.TryRemove(key, out _);
    }
}
