using Gateway.Transforms.Caching;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class SingleFlightTests
{
    [Test]
    public async Task Of_a_hundred_at_once_one_leads_and_all_others_get_its_answer()
    {
        var flights = new SingleFlight();
        var leaders = 0;
        var ready = new TaskCompletionSource();

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            if (!flights.TryLead(Replies.Key(1), out var flight))
                return await flight!.WaitAsync(default);

            Interlocked.Increment(ref leaders);
            await ready.Task;
            flight!.Land();
            return true;
        })).Append(Task.Run(async () =>
        {
            await Task.Delay(50);
            ready.SetResult();
            return true;
        })));

        Assert.That(results, Is.All.True);
        Assert.That((leaders, flights.Count), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task When_the_leader_fails_every_follower_goes_on_for_itself()
    {
        var flights = new SingleFlight();
        Assert.That(flights.TryLead(Replies.Key(1), out var leader), Is.True);
        var followers = Enumerable.Range(0, 99).Select(_ =>
        {
            Assert.That(flights.TryLead(Replies.Key(1), out var flight), Is.False);
            return flight!.WaitAsync(default).AsTask();
        }).ToArray();

        leader!.Dispose();

        Assert.That(await Task.WhenAll(followers), Is.All.False);
        Assert.That(flights.TryLead(Replies.Key(1), out _), Is.True);
    }

    [Test]
    public void A_flight_that_has_landed_is_over_for_who_comes_later()
    {
        var flights = new SingleFlight();
        flights.TryLead(Replies.Key(1), out var first);
        first!.Land();
        flights.TryLead(Replies.Key(1), out var second);

        first.Dispose();

        Assert.That(flights.TryLead(Replies.Key(1), out var follower), Is.False, "The end of the first is not the end of the second.");
        Assert.That(follower, Is.SameAs(second));
    }

    [Test]
    public void Other_answers_and_other_workspaces_fly_apart()
    {
        var flights = new SingleFlight();

        Assert.That(flights.TryLead(Replies.Key(1), out _), Is.True);
        Assert.That(flights.TryLead(Replies.Key(2), out _), Is.True);
        Assert.That(flights.TryLead(Replies.Key(1, "ws_b"), out _), Is.True);
    }

    [Test]
    public async Task A_follower_does_not_wait_longer_than_its_patience()
    {
        var flights = new SingleFlight { Patience = TimeSpan.FromMilliseconds(30) };
        flights.TryLead(Replies.Key(1), out _);
        flights.TryLead(Replies.Key(1), out var follower);

        Assert.That(await follower!.WaitAsync(default), Is.False);
    }

    [Test]
    public void A_follower_whose_client_goes_away_stops_to_wait()
    {
        var flights = new SingleFlight();
        flights.TryLead(Replies.Key(1), out _);
        flights.TryLead(Replies.Key(1), out var follower);
        using var gone = new CancellationTokenSource(20);

        Assert.That(() => follower!.WaitAsync(gone.Token).AsTask(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Flights_and_followers_are_bounded()
    {
        var flights = new SingleFlight { MaxFlights = 2, MaxFollowers = 2 };
        flights.TryLead(Replies.Key(1), out _);
        flights.TryLead(Replies.Key(2), out _);

        Assert.That(flights.TryLead(Replies.Key(3), out var third), Is.False);
        Assert.That(third, Is.Null);
        flights.TryLead(Replies.Key(1), out var first);
        flights.TryLead(Replies.Key(1), out var second);
        flights.TryLead(Replies.Key(1), out var beyond);
        Assert.That((first, second, beyond), Is.EqualTo((first, first, default(SingleFlight.Flight))));
        Assert.That(first, Is.Not.Null);
    }
}
