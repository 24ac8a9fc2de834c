using System.Diagnostics.CodeAnalysis;

namespace Gateway.Ledger.Front.InProcess;

/// <summary>How the last holds of an account ended, so that a second settlement gets the first one's result. Bounded by time and by count.</summary>
internal sealed class Tombstones
{
    /// <summary>How many one account keeps: at 100 calls a second, the last 100 s.</summary>
    internal const int MaxCount = 10_000;

    /// <summary>How long one is kept.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private readonly Dictionary<ReceiptId, FrontSettlement> settled = [];
    private readonly Queue<(ReceiptId Id, long At)> order = new();

    public int Count => settled.Count;

    public bool TryGet(ReceiptId id, [MaybeNullWhen(false)] out FrontSettlement settlement) => settled.TryGetValue(id, out settlement);

    public void Add(ReceiptId id, in FrontSettlement settlement, long now)
    {
        settled.Add(id, settlement);
        order.Enqueue((id, now));
        Prune(now);
    }

    public void Replace(ReceiptId id, in FrontSettlement settlement) => settled[id] = settlement;

    public void Prune(long now)
    {
        while (order.TryPeek(out var oldest) && (order.Count > MaxCount || now - oldest.At > Lifetime.Ticks))
        {
            order.Dequeue();
            settled.Remove(oldest.Id);
        }
    }
}
