using System.Diagnostics;
using Gateway.Transforms.Streaming;
using NUnit.Framework;

namespace Gateway.Tests.Streaming;

internal sealed class TimedReadTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);

    private readonly byte[] buffer = new byte[16];
    private ScriptedStream source = null!; // Set before each test, like the next.
    private TimedRead reads = null!;

    [SetUp]
    public void Begin()
    {
        source = new ScriptedStream();
        reads = new TimedRead(source);
    }

    [TearDown]
    public void End()
    {
        reads.Dispose();
        source.Dispose();
    }

    [Test]
    public async Task A_wait_that_ended_early_takes_nothing_from_the_next_ones_time()
    {
        for (var i = 0; i < 3; i++)
        {
            var read = reads.ReadAsync(buffer, Short, CancellationToken.None);
            await Task.Delay(Short / 2);
            source.Send([1]);
            Assert.That(await read, Is.EqualTo(1));
        }

        var begunAt = Stopwatch.GetTimestamp();
        Assert.That(await reads.ReadAsync(buffer, Short, CancellationToken.None), Is.EqualTo(TimedRead.Silent));

        // The clock of timers is up to 16 ms behind.
        Assert.That(Stopwatch.GetElapsedTime(begunAt), Is.GreaterThan(Short - TimeSpan.FromMilliseconds(20)));
    }

    [Test]
    public async Task A_short_wait_behind_a_long_one_ends_in_its_own_time()
    {
        var read = reads.ReadAsync(buffer, Long, CancellationToken.None);
        source.Send([1]);
        Assert.That(await read, Is.EqualTo(1));

        var begunAt = Stopwatch.GetTimestamp();
        Assert.That(await reads.ReadAsync(buffer, Short, CancellationToken.None), Is.EqualTo(TimedRead.Silent));
        Assert.That(Stopwatch.GetElapsedTime(begunAt), Is.LessThan(Long / 2));
    }

    [Test]
    public async Task What_a_silent_wait_left_behind_comes_with_the_next()
    {
        Assert.That(await reads.ReadAsync(buffer, Short, CancellationToken.None), Is.EqualTo(TimedRead.Silent));
        Assert.That(await reads.ReadAsync(buffer, Short, CancellationToken.None), Is.EqualTo(TimedRead.Silent));
        var read = reads.ReadAsync(buffer, Long, CancellationToken.None);
        source.Send([7, 8]);

        Assert.That((await read, buffer[0], buffer[1]), Is.EqualTo((2, (byte)7, (byte)8)));
    }

    [Test]
    public async Task An_empty_buffer_waits_and_takes_nothing()
    {
        var wait = reads.ReadAsync(Memory<byte>.Empty, Long, CancellationToken.None);
        Assert.That(wait.IsCompleted, Is.False);
        source.Send([7, 8]);

        Assert.That(await wait, Is.Zero);
        Assert.That(await reads.ReadAsync(buffer, Long, CancellationToken.None), Is.EqualTo(2));
    }

    [Test]
    public void A_fault_comes_to_who_waits()
    {
        var read = reads.ReadAsync(buffer, Long, CancellationToken.None).AsTask();
        source.End(new IOException("reset"));

        Assert.That(() => read, Throws.TypeOf<IOException>());
    }
}
