using System.Diagnostics;
using Gateway.Transforms.Streaming;
using NUnit.Framework;

namespace Gateway.Tests.Streaming;

internal sealed class BinaryRelayTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    private readonly List<string> events = [];
    private ScriptedStream upstream = null!; // Set before each test.
    private bool clientIsThere;
    private bool settles;

    [SetUp]
    public void Begin()
    {
        events.Clear();
        upstream = new ScriptedStream();
        clientIsThere = settles = true;
    }

    [TearDown]
    public void End() => upstream.Dispose();

    [Test]
    public async Task All_bytes_arrive_as_they_came_and_the_last_ones_after_the_settlement()
    {
        var relay = Relay();
        upstream.Send(Block(1, 100)).Send(Block(2, 50)).Send(Block(3, 7)).End();

        var first = await ReadAsync(relay);
        var second = await ReadAsync(relay);
        Assert.That(events, Is.Empty);
        var last = await ReadAsync(relay);
        events.Add("left");
        var end = await ReadAsync(relay);

        Assert.That((first, second, last, end), Is.EqualTo((Block(1, 100), Block(2, 50), Block(3, 7), Array.Empty<byte>())));
        Assert.That(events, Is.EqualTo(new[] { "settled Complete 157 150", "last bytes", "left" }));
        Assert.That((relay.End, relay.ReceivedBytes, relay.DeliveredBytes, relay.IsDelivered), Is.EqualTo((RelayEnd.Complete, 157L, 157L, true)));
    }

    [Test]
    public async Task A_block_leaves_when_the_next_one_has_come()
    {
        var relay = Relay();
        upstream.Send(Block(1, 10));

        var first = ReadAsync(relay);
        await Task.Delay(Short);
        Assert.That(first.IsCompleted, Is.False);
        upstream.Send(Block(2, 10));

        Assert.That(await first, Is.EqualTo(Block(1, 10)));
        upstream.End();
        Assert.That(await ReadAsync(relay), Is.EqualTo(Block(2, 10)));
    }

    [Test]
    public async Task No_more_than_one_block_is_held_back()
    {
        var relay = Relay();
        upstream.Send(Block(1, 100_000));

        var read = new List<byte>();
        while (read.Count < 100_000 - BinaryRelay.BlockBytes)
            read.AddRange(await ReadAsync(relay));
        upstream.End();
        for (var block = await ReadAsync(relay); block.Length > 0; block = await ReadAsync(relay))
            read.AddRange(block);

        Assert.That(read, Is.EqualTo(Block(1, 100_000)));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(100_000)]
    public async Task Small_buffers_and_empty_ones_get_the_same_bytes(int size)
    {
        var relay = Relay();
        var sent = new byte[50_000];
        new Random(1).NextBytes(sent);
        foreach (var block in sent.Chunk(3_333))
            upstream.Send(block);
        upstream.End();

        var read = new List<byte>();
        var buffer = new byte[size];
        while (true)
        {
            Assert.That(await relay.ReadAsync(Memory<byte>.Empty), Is.Zero);
            var count = await relay.ReadAsync(buffer);
            if (count == 0)
                break;
            read.AddRange(buffer.AsSpan(0, count));
        }

        Assert.That(read, Is.EqualTo(sent));
        Assert.That((relay.DeliveredBytes, relay.IsDelivered), Is.EqualTo((50_000L, true)));
    }

    [Test]
    public async Task An_empty_answer_is_settled_and_delivered()
    {
        var relay = Relay();
        upstream.End();

        Assert.That(await ReadAsync(relay), Is.Empty);
        Assert.That(events, Is.EqualTo(new[] { "settled Complete 0 0", "last bytes" }));
        Assert.That((relay.IsDelivered, relay.FirstByteAt), Is.EqualTo((true, 0L)));
    }

    [Test]
    public async Task Bytes_count_as_delivered_when_the_next_read_begins_and_the_client_is_there()
    {
        var relay = Relay();
        upstream.Send(Block(1, 10)).Send(Block(2, 20)).Send(Block(3, 40)).End();

        await ReadAsync(relay);
        Assert.That(relay.DeliveredBytes, Is.Zero);
        await ReadAsync(relay);
        Assert.That(relay.DeliveredBytes, Is.EqualTo(10));
        clientIsThere = false;
        await ReadAsync(relay);
        await ReadAsync(relay);

        Assert.That((relay.DeliveredBytes, relay.IsDelivered), Is.EqualTo((10L, false)));
    }

    [Test]
    public async Task The_first_byte_has_its_time()
    {
        var relay = Relay();
        var before = Stopwatch.GetTimestamp();
        upstream.Send(Block(1, 10)).Send(Block(2, 10));

        await ReadAsync(relay);

        Assert.That(relay.FirstByteAt, Is.InRange(before, Stopwatch.GetTimestamp()));
    }

    [Test]
    public async Task A_broken_upstream_is_settled_and_the_client_does_not_see_an_end()
    {
        var relay = Relay();
        upstream.Send(Block(1, 10)).Send(Block(2, 20)).End(new IOException("reset"));

        Assert.That(await ReadAsync(relay), Is.EqualTo(Block(1, 10)));
        Assert.That(() => ReadAsync(relay), Throws.TypeOf<IOException>());
        Assert.That(() => ReadAsync(relay), Throws.TypeOf<IOException>());

        Assert.That(events, Is.EqualTo(new[] { "settled Broken 30 10" }));
        Assert.That(relay.IsDelivered, Is.False);
    }

    [Test]
    public async Task What_cannot_be_settled_does_not_end_either()
    {
        settles = false;
        var relay = Relay();
        upstream.Send(Block(1, 10)).Send(Block(2, 20)).End();

        await ReadAsync(relay);
        Assert.That(() => ReadAsync(relay), Throws.TypeOf<IOException>());

        Assert.That(events, Is.EqualTo(new[] { "settled Complete 30 10" }));
    }

    [Test]
    public void A_silent_upstream_ends_after_its_time()
    {
        var relay = Relay(new BinaryRelayOptions { IdleTimeout = Short });
        upstream.Send(Block(1, 10));

        Assert.That(() => ReadAsync(relay), Throws.TypeOf<IOException>());
        Assert.That(events, Is.EqualTo(new[] { "settled Silent 10 0" }));
    }

    [Test]
    public void A_busy_upstream_ends_after_the_longest_time()
    {
        var relay = Relay(new BinaryRelayOptions { IdleTimeout = Long, MaxTime = Short });
        upstream.Send(Block(1, 10));

        Assert.That(() => ReadAsync(relay), Throws.TypeOf<IOException>());
        Assert.That(events, Is.EqualTo(new[] { "settled TooLong 10 0" }));
    }

    [TestCase(30, RelayEnd.Complete)]
    [TestCase(31, RelayEnd.TooLong)]
    public async Task An_answer_has_a_most_of_bytes(int bytes, RelayEnd end)
    {
        var relay = Relay(new BinaryRelayOptions { IdleTimeout = Long, MaxBytes = 30 });
        upstream.Send(Block(1, 10)).Send(Block(2, bytes - 10)).End();

        if (end == RelayEnd.Complete)
            Assert.That((await ReadAsync(relay)).Length + (await ReadAsync(relay)).Length, Is.EqualTo(bytes));
        else
            Assert.That(() => ReadAsync(relay), Throws.TypeOf<IOException>());

        Assert.That(relay.End, Is.EqualTo(end));
    }

    [Test]
    public void A_client_that_hangs_up_leaves_the_end_open()
    {
        var relay = Relay();
        using var hangUp = new CancellationTokenSource();
        upstream.Send(Block(1, 10));

        var read = relay.ReadAsync(new byte[100], hangUp.Token).AsTask();
        hangUp.Cancel();

        Assert.That(() => read, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((relay.End, relay.ReceivedBytes, relay.DeliveredBytes, events.Count), Is.EqualTo((RelayEnd.Running, 10L, 0L, 0)));
    }

    [Test]
    public async Task Released_it_gives_its_upstream_back_and_reads_no_more()
    {
        var relay = Relay();
        upstream.Send(Block(1, 10)).Send(Block(2, 10));
        await ReadAsync(relay);

        relay.Release();
        relay.Release();

        Assert.That(upstream.IsDisposed, Is.True);
        Assert.That(() => ReadAsync(relay), Throws.TypeOf<ObjectDisposedException>());
    }

    private BinaryRelay Relay(BinaryRelayOptions? options = null) => new(
        upstream, options ?? new BinaryRelayOptions { IdleTimeout = Long }, () => clientIsThere,
        relay =>
        {
            events.Add($"settled {relay.End} {relay.ReceivedBytes} {relay.DeliveredBytes}");
            return ValueTask.FromResult(settles);
        },
        _ =>
        {
            events.Add("last bytes");
            return ValueTask.CompletedTask;
        });

    private static async Task<byte[]> ReadAsync(BinaryRelay relay)
    {
        var buffer = new byte[BinaryRelay.BlockBytes];
        return buffer[..await relay.ReadAsync(buffer)];
    }

    private static byte[] Block(byte value, int length) => [.. Enumerable.Repeat(value, length)];
}
