using System.Text;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Streaming;

internal sealed class SseRelayTests
{
    private const string Whole =
        ": hello\n\ndata: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"Hé\"},\"finish_reason\":null}]}\n\n"
        + "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\" fox\"},\"finish_reason\":null}],\"usage\":null}\r\n\r\n"
        + "data: {\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
        + "data: {\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\ndata: [DONE]\n\n";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly List<double> intervals = [];
    private ScriptedStream upstream = null!; // Set before each test.

    [SetUp]
    public void Begin()
    {
        intervals.Clear();
        upstream = new ScriptedStream();
    }

    [TearDown]
    public void End() => upstream.Dispose();

    [Test]
    public async Task A_stream_is_relayed_the_same_wherever_it_is_cut()
    {
        var bytes = Encoding.UTF8.GetBytes(Whole);
        var expected = await RelayedAsync(bytes);
        Assert.That(expected.Text, Does.StartWith(": hello\n\ndata:").And.EndWith("data: [DONE]\n\n").And.Not.Contain("usage"));
        Assert.That(expected.Text, Does.Contain("\"Hé\"").And.Contain("\" fox\""));
        for (var at = 1; at < bytes.Length; at++)
            Assert.That(await RelayedAsync(bytes[..at], bytes[at..]), Is.EqualTo(expected), $"cut at {at}");

        Assert.That(await RelayedAsync([.. bytes.Select(static one => new[] { one })]), Is.EqualTo(expected), "each byte by itself");
    }

    [Test]
    public async Task A_silent_upstream_has_its_client_pinged_and_loses_nothing()
    {
        var relay = Relay(pingInterval: TimeSpan.FromMilliseconds(100));
        var first = await ReadAsync(relay);
        var second = await ReadAsync(relay);
        upstream.Send(Encoding.UTF8.GetBytes(Whole)).End();
        var rest = await RestAsync(relay);

        Assert.That((first, second), Is.EqualTo((": ping\n\n", ": ping\n\n")));
        Assert.That(rest, Does.Contain(" fox").And.EndWith("data: [DONE]\n\n"));
        Assert.That(relay.End, Is.EqualTo(RelayEnd.Complete));
        relay.Release();
    }

    [Test]
    public async Task The_time_between_two_outputs_is_told()
    {
        var relay = Relay();
        var chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"u8.ToArray();
        upstream.Send(chunk);
        await ReadAsync(relay);
        Assert.That(intervals, Is.Empty);

        var read = ReadAsync(relay);
        await Task.Delay(100);
        upstream.Send([.. chunk, .. "data: {\"choices\":[{\"delta\":{}}]}\n\n"u8, .. chunk]);
        await read;

        Assert.That(intervals, Has.Count.EqualTo(2));
        Assert.That(intervals[0], Is.InRange(0.08, 30.0));
        Assert.That(intervals[1], Is.Zero, "came with the one before it");
        Assert.That(relay.LastContentAt, Is.GreaterThan(relay.FirstContentAt));
        relay.Release();
    }

    [Test]
    public async Task Output_beyond_what_is_paid_for_ends_the_stream()
    {
        var asked = 0;
        var relay = Relay(maxOutputTokens: 3, extend: ExtendAsync);
        var read = 0;
        for (var i = 0; i < 20; i++)
            upstream.Send("data: {\"choices\":[{\"delta\":{\"content\":\" fox\"}}]}\n\n"u8.ToArray());
        while ((await ReadAsync(relay)).Contains(" fox", StringComparison.Ordinal))
            read++;

        // One more than is paid for has left when that is known.
        Assert.That((read, relay.DeliveredTokens, relay.End, asked), Is.EqualTo((6, 6L, RelayEnd.Exhausted, 2)));
        relay.Release();

        ValueTask<long> ExtendAsync()
        {
            asked++;
            return new ValueTask<long>(5);
        }
    }

    private async Task<(string Text, UsageSeen Seen)> RelayedAsync(params byte[][] blocks)
    {
        using var source = new ScriptedStream();
        foreach (var block in blocks)
            source.Send(block);
        source.End();
        var relay = Relay(source);
        var text = await RestAsync(relay);
        var seen = new UsageSeen(relay.End, relay.Reported?.Output, relay.DeliveredTokens, relay.HasContent, relay.IsDelivered);
        relay.Release();
        return (text, seen);
    }

    private SseRelay Relay(Stream? source = null, TimeSpan? pingInterval = null, long maxOutputTokens = long.MaxValue, Func<ValueTask<long>>? extend = null) => new(
        source ?? upstream,
        new RelayOptions
        {
            ClientWantsUsage = false,
            HoldsLastChunk = false,
            Encoding = TokenEncoding.O200k,
            PingInterval = pingInterval ?? Long,
            IdleTimeout = Long,
            MaxOutputTokens = maxOutputTokens,
            ExtendOutput = extend,
            OnNextContent = intervals.Add,
        },
        static () => true,
        static _ => default);

    private static async Task<string> RestAsync(SseRelay relay)
    {
        var text = new StringBuilder();
        while (await ReadAsync(relay) is { Length: > 0 } part)
            text.Append(part);
        return text.ToString();
    }

    private static async Task<string> ReadAsync(SseRelay relay)
    {
        Assert.That(await relay.ReadAsync(Memory<byte>.Empty), Is.Zero);
        var buffer = new byte[16 * 1024];
        return Encoding.UTF8.GetString(buffer, 0, await relay.ReadAsync(buffer));
    }

    private sealed record UsageSeen(RelayEnd End, long? Output, long DeliveredTokens, bool HasContent, bool IsDelivered);
}
