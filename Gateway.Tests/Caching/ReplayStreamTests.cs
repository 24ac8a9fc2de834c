using System.Diagnostics;
using System.Text;
using Gateway.Transforms.Caching;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class ReplayStreamTests
{
    [TestCase("\n")]
    [TestCase("\r\n")]
    public async Task All_bytes_come_as_they_were_the_first_event_alone(string lineEnd)
    {
        var events = Events(100, lineEnd);
        var reads = await ReadAsync(events);

        Assert.That(string.Concat(reads), Is.EqualTo(events));
        Assert.That(reads[0], Is.EqualTo($"data: {{\"n\":0}}{lineEnd}{lineEnd}"));
        Assert.That(reads[1].Split("data:"), Has.Length.EqualTo(9), "Eight events a batch.");
        Assert.That(reads, Has.Count.EqualTo(14));
    }

    [TestCase("")]
    [TestCase("data: [DONE]")]
    [TestCase("data: 1\n\n: ping\n\ndata: 2\n\ndata: half")]
    [TestCase("\n\n\n\n")]
    [TestCase("data: a\r\n\r\ndata: b\n\ndata: c\r\n\r\n")]
    public async Task What_is_no_whole_event_comes_too(string events) => Assert.That(string.Concat(await ReadAsync(events)), Is.EqualTo(events));

    [Test]
    public async Task A_reader_with_a_small_buffer_gets_the_same_bytes()
    {
        var events = Events(20, "\n");

        Assert.That(string.Concat(await ReadAsync(events, bufferSize: 3)), Is.EqualTo(events));
    }

    [Test]
    public async Task A_read_of_nothing_returns_nothing_and_loses_nothing()
    {
        await using var stream = new ReplayStream("data: 1\n\n"u8.ToArray(), TimeProvider.System);

        Assert.That(await stream.ReadAsync(Memory<byte>.Empty), Is.Zero);
        Assert.That(await stream.ReadAsync(new byte[100]), Is.EqualTo(9));
        Assert.That(await stream.ReadAsync(new byte[100]), Is.Zero);
    }

    [Test]
    public async Task A_short_replay_has_pauses()
    {
        var watch = Stopwatch.StartNew();
        var reads = await ReadAsync(Events(81, "\n"));

        Assert.That(reads, Has.Count.EqualTo(11));
        Assert.That(watch.Elapsed, Is.GreaterThan(TimeSpan.FromMilliseconds(10)));
    }

    [Test]
    public async Task A_long_replay_takes_about_a_second_at_most()
    {
        var watch = Stopwatch.StartNew();
        var reads = await ReadAsync(Events(50_000, "\n"));

        Assert.That(reads, Has.Count.LessThan(420));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)), "A second, and what a busy test machine adds.");
    }

    [Test]
    public void A_client_that_hangs_up_ends_a_pause()
    {
        using var gone = new CancellationTokenSource();
        using var stream = new ReplayStream(Encoding.UTF8.GetBytes(Events(100, "\n")), TimeProvider.System);
        Assert.That(async () => await stream.ReadAsync(new byte[1000], gone.Token), Is.EqualTo(15));

        gone.Cancel();

        Assert.That(async () => await stream.ReadAsync(new byte[1000], gone.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private static string Events(int count, string lineEnd) => string.Concat(Enumerable.Range(0, count).Select(number => $"data: {{\"n\":{number}}}{lineEnd}{lineEnd}"));

    private static async Task<List<string>> ReadAsync(string events, int bufferSize = 1 << 20)
    {
        await using var stream = new ReplayStream(Encoding.UTF8.GetBytes(events), TimeProvider.System);
        var buffer = new byte[bufferSize];
        var reads = new List<string>();
        while (await stream.ReadAsync(buffer) is var count and > 0)
            reads.Add(Encoding.UTF8.GetString(buffer, 0, count));
        return reads;
    }
}
