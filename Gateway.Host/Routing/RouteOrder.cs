using System.Runtime.InteropServices;
using Gateway.Host.Catalogue;
using Gateway.Host.Pipeline;

namespace Gateway.Host.Routing;

/// <summary>The order in which the channels of one model and one route type are tried.</summary>
/// <remarks>
/// By priority; inside a priority a conversation prefers the channel that wins its weighted rendezvous (each channel draws a number from the key and its own id, so a channel
/// that comes or goes moves only its own share), unless that one is busier than the rest; a call without a conversation prefers the least loaded.
/// Channels that are full, and behind them those whose circuit is open, stand at the end as a last resort.
/// </remarks>
/// <param name="load">The open calls.</param>
/// <param name="health">The circuits.</param>
/// <param name="random">A number from 0 to below 1, for ties.</param>
internal sealed class RouteOrder(ChannelLoad load, ChannelHealth health, Func<double> random)
{
    /// <summary>How far above its share of the open calls a channel may be before conversations pass it by, beside one call.</summary>
    /// <remarks>Bounded loads: https://arxiv.org/abs/1608.01350; 1.25 is the middle of what it measures.</remarks>
    public const double LoadBound = 1.25;

    private const int MostOnStack = 32;

    private enum Tier : byte
    {
        Usable,
        Full,
        Open,
    }

    /// <summary>All of the candidates, in order; the same list if there is nothing to order.</summary>
    public IReadOnlyList<Candidate> Order(IReadOnlyList<Candidate> candidates, in StickyKey sticky)
    {
        if (candidates.Count < 2)
            return candidates;

        var ranks = candidates.Count <= MostOnStack ? stackalloc Rank[MostOnStack] : new Rank[candidates.Count];
        ranks = ranks[..candidates.Count];
        for (var i = 0; i < ranks.Length; i++)
            ranks[i] = RankOf(candidates[i], i, sticky);

        ranks.Sort(static (left, right) => left.CompareGroups(right));
        for (var start = 0; start < ranks.Length;)
        {
            var end = start + 1;
            while (end < ranks.Length && ranks[end].CompareGroups(ranks[start]) == 0)
                end++;
            OrderGroup(ranks[start..end], sticky.IsSticky);
            start = end;
        }

        var ordered = new Candidate[ranks.Length];
        for (var i = 0; i < ranks.Length; i++)
            ordered[i] = candidates[ranks[i].Index];
        return ordered;
    }

    private static void OrderGroup(Span<Rank> group, bool isSticky)
    {
        if (group.Length == 1)
            return;
        if (!isSticky)
        {
            group.Sort(static (left, right) => left.CompareLoads(right));
            return;
        }

        long open = 0, weight = 0;
        foreach (var rank in group)
            (open, weight) = (open + rank.Open, weight + rank.Weight);
        foreach (ref var rank in group)
            rank.IsOver = rank.Open > (LoadBound * open / weight * rank.Weight) + 1;
        group.Sort(static (left, right) => left.CompareDraws(right));
    }

    private Rank RankOf(Candidate candidate, int index, in StickyKey sticky)
    {
        var channel = candidate.Channel;
        var open = load.Open(channel);
        var tier = health.IsOpen(channel, candidate.UpstreamModel) ? Tier.Open : open >= channel.MaxConcurrency ? Tier.Full : Tier.Usable;
        var draw = sticky.IsSticky ? Place(XxHash64.Hash(MemoryMarshal.AsBytes(channel.Id.AsSpan()), sticky.Value)) : random();

        // The first of exponential clocks that tick by weight: each is first with the probability of its share of the weights.
        var clock = -Math.Log(1 - draw) / channel.Weight;
        return new Rank { Index = index, Tier = tier, Priority = channel.Priority, Open = open, Weight = channel.Weight, Clock = clock };
    }

    private static double Place(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));

    private struct Rank
    {
        public int Index;
        public Tier Tier;
        public int Priority;
        public int Open;
        public int Weight;
        public bool IsOver;
        public double Clock;

        public readonly int CompareGroups(in Rank other) =>
            Tier != other.Tier ? (byte)Tier - (byte)other.Tier : Priority.CompareTo(other.Priority);

        public readonly int CompareLoads(in Rank other)
        {
            // Whole numbers: 1/3 and 2/6 are the same load.
            var byLoad = ((long)Open * other.Weight).CompareTo((long)other.Open * Weight);
            return byLoad != 0 ? byLoad : Clock.CompareTo(other.Clock);
        }

        public readonly int CompareDraws(in Rank other)
        {
            var byBound = IsOver.CompareTo(other.IsOver);
            return byBound != 0 ? byBound : Clock.CompareTo(other.Clock);
        }
    }
}
