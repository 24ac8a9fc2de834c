using Gateway.Host.Catalogue;
using Gateway.Host.Pipeline;
using Gateway.Host.Routing;
using Gateway.Ledger;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Routing;

internal sealed class RouteOrderTests
{
    private const int Conversations = 10_000;

    private readonly Random random = new(7);
    private ChannelLoad load = null!;

    [SetUp]
    public void Start() => load = new ChannelLoad();

    [Test]
    public void One_candidate_is_not_looked_at()
    {
        IReadOnlyList<Candidate> one = Candidates(Routes.Channel("ch_a"));
        var order = Order();
        order.Order(one, new StickyKey(1));

        var before = GC.GetAllocatedBytesForCurrentThread();
        var ordered = order.Order(one, new StickyKey(1));

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(ordered, Is.SameAs(one));
    }

    [Test]
    public void Several_cost_their_list_and_nothing_else()
    {
        var three = Candidates(Routes.Channel("ch_a"), Routes.Channel("ch_b"), Routes.Channel("ch_c"));
        var order = Order(Routes.Channel("ch_a"));
        for (var i = 0; i < 100; i++)
            order.Order(three, new StickyKey(1));

        var before = GC.GetAllocatedBytesForCurrentThread();
        order.Order(three, new StickyKey(1));

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThanOrEqualTo(64));
    }

    [Test]
    public void A_lower_priority_number_comes_first_whatever_the_load()
    {
        var (first, second) = (Routes.Channel("ch_first", priority: 1), Routes.Channel("ch_second", priority: 2, weight: 1000));
        Enter(first, 900);

        for (var i = 1UL; i <= 100; i++)
        {
            Assert.That(Ids(Order(), Candidates(second, first), new StickyKey(i)), Is.EqualTo(new[] { "ch_first", "ch_second" }));
            Assert.That(Ids(Order(), Candidates(second, first), StickyKey.None), Is.EqualTo(new[] { "ch_first", "ch_second" }));
        }
    }

    [Test]
    public void A_conversation_always_has_the_same_order()
    {
        var channels = Many(5);
        var expected = Ids(Order(), Candidates(channels), new StickyKey(42));

        Array.Reverse(channels);

        Assert.That(Ids(Order(), Candidates(channels), new StickyKey(42)), Is.EqualTo(expected));
        Assert.That(expected, Is.EqualTo(new[] { "ch_4", "ch_0", "ch_1", "ch_3", "ch_2" }), "Another gateway, or the next version of this one, must agree.");
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Weights_are_shares_of_the_calls(bool sticky)
    {
        var candidates = Candidates(Routes.Channel("ch_light", weight: 1), Routes.Channel("ch_heavy", weight: 3));
        var order = Order();

        var heavy = Keys().Count(key => order.Order(candidates, sticky ? key : StickyKey.None)[0].Channel.Id == "ch_heavy");

        Assert.That(heavy / (double)Conversations, Is.EqualTo(0.75).Within(0.02));
    }

    [Test]
    public void Another_channel_moves_only_its_share()
    {
        var (four, five) = (Candidates(Many(4)), Candidates(Many(5)));
        var order = Order();
        var (moved, elsewhere) = (0, 0);
        foreach (var key in Keys())
        {
            var (before, after) = (order.Order(four, key)[0].Channel.Id, order.Order(five, key)[0].Channel.Id);
            moved += before == after ? 0 : 1;
            elsewhere += before == after || after == "ch_4" ? 0 : 1;
        }

        Assert.That(moved / (double)Conversations, Is.EqualTo(0.2).Within(0.02));
        Assert.That(elsewhere, Is.Zero);
    }

    [Test]
    public void No_channel_is_far_above_its_share_though_half_of_the_calls_are_one_conversation()
    {
        Channel[] channels = [Routes.Channel("ch_0", weight: 1), Routes.Channel("ch_1", weight: 2), Routes.Channel("ch_2", weight: 1)];
        var candidates = Candidates(channels);
        var order = Order();
        var total = 0;
        foreach (var key in Keys().Take(400))
        {
            var first = order.Order(candidates, total % 2 == 0 ? new StickyKey(1) : key)[0].Channel;
            Enter(first, 1);
            total++;
            foreach (var channel in channels)
                Assert.That(load.Open(channel), Is.LessThanOrEqualTo((RouteOrder.LoadBound * total * channel.Weight / 4) + 2));
        }

        Assert.That(channels.Sum(load.Open), Is.EqualTo(400));
    }

    [Test]
    public void A_channel_that_is_out_does_not_lower_the_bound_of_the_others()
    {
        Channel[] channels = [Routes.Channel("ch_0"), Routes.Channel("ch_1"), Routes.Channel("ch_2")];
        var order = Order(channels[2]);
        var preferred = new StickyKey(Enumerable.Range(1, 100).Select(static i => (ulong)i)
            .First(key => Ids(order, Candidates(channels), new StickyKey(key))[0] == "ch_0"));
        Enter(channels[0], 60);
        Enter(channels[1], 50);

        Assert.That(Ids(order, Candidates(channels), preferred), Is.EqualTo(new[] { "ch_0", "ch_1", "ch_2" }));
    }

    [Test]
    public void Without_a_conversation_the_least_loaded_by_weight_comes_first()
    {
        var (light, heavy) = (Routes.Channel("ch_light", weight: 1), Routes.Channel("ch_heavy", weight: 4));
        Enter(light, 1);
        Enter(heavy, 3);
        Assert.That(Ids(Order(), Candidates(light, heavy), StickyKey.None)[0], Is.EqualTo("ch_heavy"));

        Enter(heavy, 2);

        Assert.That(Ids(Order(), Candidates(light, heavy), StickyKey.None)[0], Is.EqualTo("ch_light"));
    }

    [Test]
    public void Full_and_open_channels_are_kept_as_a_last_resort()
    {
        var open = Routes.Channel("ch_open", priority: 0, weight: 1000);
        var full = Routes.Channel("ch_full", priority: 0, weight: 1000) with { MaxConcurrency = 1 };
        var (second, third) = (Routes.Channel("ch_second", priority: 1), Routes.Channel("ch_third", priority: 2));
        Enter(full, 1);

        foreach (var key in new[] { StickyKey.None, new StickyKey(1), new StickyKey(2) })
            Assert.That(Ids(Order(open), Candidates(open, full, second, third), key), Is.EqualTo(new[] { "ch_second", "ch_third", "ch_full", "ch_open" }));
    }

    [TestCase(32)]
    [TestCase(33)]
    [TestCase(500)]
    public void Many_channels_are_each_ordered_once(int count)
    {
        var ordered = Ids(Order(), Candidates(Many(count)), new StickyKey(9));

        Assert.That(ordered.Order(), Is.EqualTo(Many(count).Select(static channel => channel.Id).Order()));
    }

    [Test]
    public void Legs_part_candidates_by_route_type_in_the_keys_order()
    {
        var candidates = Candidates(
            Routes.Channel("ch_o1", routeType: RouteType.Ordinary), Routes.Channel("ch_o2", routeType: RouteType.Ordinary), Routes.Channel("ch_a"));

        var legs = RouteLegs.ByRouteType(candidates);

        Assert.That(legs.Select(static leg => string.Join(' ', leg.Select(static candidate => candidate.Channel.Id))), Is.EqualTo(new[] { "ch_o1 ch_o2", "ch_a" }));
        Assert.That(RouteLegs.ByRouteType(legs[0]).Single(), Is.SameAs(legs[0]));
        Assert.That(RouteLegs.ByRouteType([]), Is.Empty);
    }

    private static Channel[] Many(int count) => [.. Enumerable.Range(0, count).Select(static i => Routes.Channel($"ch_{i}"))];

    private static Candidate[] Candidates(params Channel[] channels) => [.. channels.Select(Routes.Candidate)];

    private static string[] Ids(RouteOrder order, Candidate[] candidates, StickyKey key) => [.. order.Order(candidates, key).Select(static candidate => candidate.Channel.Id)];

    private static IEnumerable<StickyKey> Keys() => Enumerable.Range(1, Conversations).Select(static i => new StickyKey(XxHash64.Hash(BitConverter.GetBytes(i), 0)));

    private RouteOrder Order(params Channel[] open)
    {
        var health = Routes.Health(new ManualTimeProvider(Routes.Start), open);
        foreach (var channel in open)
            health.Report(channel, Routes.Model, AttemptVerdict.RateLimited, TimeSpan.FromSeconds(60));
        return new RouteOrder(load, health, random.NextDouble);
    }

    private void Enter(Channel channel, int calls)
    {
        for (var i = 0; i < calls; i++)
            Assert.That(load.TryEnter(channel), Is.True);
    }
}
