using System.Diagnostics;
using Gateway.Host.Responses;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Responses;

internal sealed class ResponseOriginsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Test]
    public async Task What_is_noted_is_found_at_once_and_reaches_the_book_a_moment_later()
    {
        var store = new MemoryOrigins();
        using var origins = await StartAsync(store);

        for (var i = 0; i < 100; i++)
            origins.Note("ws_a", $"resp_{i}", "ch_a", "gpt-5");

        Assert.That((await origins.FindAsync("ws_a", "resp_7", default))!.ChannelId, Is.EqualTo("ch_a"));
        Assert.That(store.Finds, Is.EqualTo(0));
        await UntilAsync(() => store.Count == 100);
        Assert.That(store.Batches, Has.Count.LessThan(20));
        await origins.StopAsync(default);
    }

    [Test]
    public async Task A_response_is_unknown_to_another_tenant()
    {
        using var origins = await StartAsync(new MemoryOrigins());
        origins.Note("ws_a", "resp_1", "ch_a", "gpt-5");

        Assert.That(await origins.FindAsync("ws_b", "resp_1", default), Is.Null);
        await origins.StopAsync(default);
    }

    [Test]
    public async Task What_another_gateway_is_about_to_write_is_waited_for()
    {
        var store = new MemoryOrigins();
        using var here = Create(store, isShared: true);
        using var there = await StartAsync(store, isShared: true);

        var finding = here.FindAsync("ws_a", "resp_1", default);
        there.Note("ws_a", "resp_1", "ch_a", "gpt-5");

        Assert.That((await finding)!.UpstreamModel, Is.EqualTo("gpt-5"));
        var finds = store.Finds;
        await here.FindAsync("ws_a", "resp_1", default);
        Assert.That(store.Finds, Is.EqualTo(finds), "It is remembered.");
        await there.StopAsync(default);
    }

    [TestCase(true, 4)]
    [TestCase(false, 1)]
    public async Task What_nobody_made_is_not_found_after_a_second_or_at_once(bool isShared, int finds)
    {
        var store = new MemoryOrigins();
        using var origins = Create(store, isShared);
        var clock = Stopwatch.StartNew();

        Assert.That(await origins.FindAsync("ws_a", "resp_1", default), Is.Null);

        Assert.That(store.Finds, Is.EqualTo(finds));
        Assert.That(clock.Elapsed >= TimeSpan.FromMilliseconds(950), Is.EqualTo(isShared));
    }

    [TestCase(0)]
    [TestCase(257)]
    public async Task What_is_no_id_is_neither_kept_nor_looked_for(int length)
    {
        var store = new MemoryOrigins();
        using var origins = Create(store, isShared: true);
        origins.Note("ws_a", new string('r', length), "ch_a", "gpt-5");

        Assert.That(await origins.FindAsync("ws_a", new string('r', length), default), Is.Null);
        Assert.That(store.Finds, Is.EqualTo(0));
    }

    [Test]
    public async Task A_book_that_is_away_gets_what_was_noted_meanwhile_when_it_is_back()
    {
        var store = new MemoryOrigins { IsAway = true };
        using var origins = await StartAsync(store);
        for (var i = 0; i < 50; i++)
            origins.Note("ws_a", $"resp_{i}", "ch_a", "gpt-5");
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        origins.Note("ws_a", "resp_late", "ch_a", "gpt-5");

        store.IsAway = false;

        await UntilAsync(() => store.Count == 51);
        await origins.StopAsync(default);
    }

    [Test]
    public async Task What_waits_is_written_before_the_process_ends()
    {
        var store = new MemoryOrigins();
        using var origins = await StartAsync(store);
        for (var i = 0; i < 2_500; i++)
            origins.Note("ws_a", $"resp_{i}", "ch_a", "gpt-5");

        await origins.StopAsync(default);

        Assert.That(store.Count, Is.EqualTo(2_500));
        Assert.That(store.Batches, Has.All.LessThanOrEqualTo(1_000));
    }

    [Test]
    public async Task A_deleted_response_stays_deleted_though_its_origin_still_waited_for_the_book()
    {
        var store = new MemoryOrigins();
        using var origins = Create(store, isShared: true);
        origins.Note("ws_a", "resp_1", "ch_a", "gpt-5");
        origins.Note("ws_a", "resp_2", "ch_a", "gpt-5");

        await origins.DeleteAsync("ws_a", "resp_1", default);
        await origins.StartAsync(default);
        await UntilAsync(() => store.Count == 1);

        Assert.That(await origins.FindAsync("ws_a", "resp_1", default), Is.Null);
        Assert.That(await store.FindOriginAsync("ws_a", "resp_1", default), Is.Null);
        await origins.StopAsync(default);
    }

    [Test]
    public async Task More_than_10000_that_wait_are_known_here_alone()
    {
        var store = new MemoryOrigins();
        using var origins = Create(store, isShared: false);
        for (var i = 0; i <= ResponseOrigins.MaxWaiting; i++)
            origins.Note("ws_a", $"resp_{i}", "ch_a", "gpt-5");

        await origins.StartAsync(default);
        await UntilAsync(() => store.Count == ResponseOrigins.MaxWaiting);

        Assert.That(await origins.FindAsync("ws_a", $"resp_{ResponseOrigins.MaxWaiting}", default), Is.Not.Null);
        await origins.StopAsync(default);
    }

    [Test]
    public async Task An_origin_is_remembered_for_30_days()
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));
        using var origins = new ResponseOrigins(new MemoryOrigins(), isShared: false, time, NullLogger<ResponseOrigins>.Instance);
        origins.Note("ws_a", "resp_1", "ch_a", "gpt-5");

        time.Advance(ResponseOrigin.Kept);

        Assert.That(await origins.FindAsync("ws_a", "resp_1", default), Is.Null);
    }

    private static ResponseOrigins Create(MemoryOrigins store, bool isShared) => new(store, isShared, TimeProvider.System, NullLogger<ResponseOrigins>.Instance);

    private static async Task<ResponseOrigins> StartAsync(MemoryOrigins store, bool isShared = false)
    {
        var origins = Create(store, isShared);
        await origins.StartAsync(default);
        return origins;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.That(clock.Elapsed, Is.LessThan(Patience));
            await Task.Delay(10);
        }
    }
}
