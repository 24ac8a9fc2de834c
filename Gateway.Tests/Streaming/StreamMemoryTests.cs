using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Anthropic;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Streaming;

/// <summary>What a stream costs in memory while it speaks and while it is silent. All on one thread, which reads as YARP does: zero bytes first, then what came.</summary>
internal sealed class StreamMemoryTests
{
    // The text of a few words that is not counted yet; and as much for what a translation remembers of a stream.
    private const int UncountedText = 256;
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(80);

    private static readonly byte[] Chunk =
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" fox\"},\"finish_reason\":null}],\"usage\":null}\n\n"u8.ToArray();

    private static readonly byte[] Delta =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" fox\"}}\n\n"u8.ToArray();

    private static readonly TranslationTarget Target = default(TranslationTarget) with { UpstreamModel = "m", ReceiptId = "ul_1" };

    private readonly byte[] buffer = new byte[64 * 1024];

    [Test]
    public void A_relayed_chunk_allocates_nothing()
    {
        using var upstream = new ArrivingStream();
        var relay = Relay(upstream);

        Assert.That(AllocatedBy(relay, upstream, Chunk), Is.Zero);

        relay.Release();
    }

    [Test]
    public void A_translated_chunk_allocates_nothing()
    {
        using var upstream = new ArrivingStream();
        var relay = Relay(new TranslatingStream(upstream, new ChatOverMessages().Translate(Target)));

        Assert.That(AllocatedBy(relay, upstream, Delta), Is.Zero);

        relay.Release();
    }

    [Test]
    public void A_recorded_chunk_allocates_nothing()
    {
        using var upstream = new ArrivingStream();
        var recording = new RecordingStream(upstream, maxBytes: 100 * Chunk.Length);
        var relay = Relay(recording);

        Assert.That(AllocatedBy(relay, upstream, Chunk), Is.Zero);

        relay.Release();
        recording.Release();
    }

    [Test]
    public void A_block_of_sound_allocates_nothing()
    {
        using var upstream = new ArrivingStream();
        var relay = Sound(upstream);

        Assert.That(AllocatedBy(relay, upstream, Chunk), Is.Zero);

        relay.Release();
    }

    [Test]
    public void A_stream_that_waits_for_its_first_word_holds_no_buffer()
    {
        using var pool = new PoolWatch();
        pool.Check();
        using var upstream = new ArrivingStream();
        var relay = Relay(upstream);

        var wait = relay.ReadAsync(Memory<byte>.Empty);

        Assert.That((wait.IsCompleted, pool.HeldBytes), Is.EqualTo((false, 0)));
        relay.Release();
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_slow_stream_holds_between_its_words_no_buffer_but_that_of_text_to_count(bool translated)
    {
        var most = translated ? 2 * UncountedText : UncountedText;
        using var pool = new PoolWatch();
        using var upstream = new ArrivingStream();
        var relay = Relay(translated ? new TranslatingStream(upstream, new ChatOverMessages().Translate(Target)) : upstream);

        for (var i = 0; i < 3; i++)
        {
            var wait = relay.ReadAsync(Memory<byte>.Empty);
            Assert.That(wait.IsCompleted, Is.False);
            Assert.That(pool.HeldBytes, Is.InRange(0, i == 0 ? 0 : most));
            Thread.Sleep(Slow);
            upstream.Arrive(translated ? Delta : Chunk);
            wait.GetAwaiter().GetResult();
            Assert.That(Read(relay), Is.Positive);
        }

        relay.Release();
        Assert.That(pool.HeldBytes, Is.Zero);
    }

    [Test]
    public void A_fast_stream_lends_its_read_a_small_buffer_and_gets_it_back()
    {
        using var pool = new PoolWatch();
        using var upstream = new ArrivingStream();
        var relay = Relay(upstream);
        for (var i = 0; i < 3; i++)
            Pass(relay, upstream, Chunk);

        var wait = relay.ReadAsync(Memory<byte>.Empty);
        Assert.That((wait.IsCompleted, pool.HeldBytes), Is.EqualTo((false, 4096 + UncountedText)));
        upstream.Arrive(Chunk);
        wait.GetAwaiter().GetResult();
        Read(relay);
        relay.Release();

        Assert.That(pool.HeldBytes, Is.Zero);
    }

    [Test]
    public void Sound_holds_one_block_while_it_waits()
    {
        using var pool = new PoolWatch();
        using var upstream = new ArrivingStream();
        var relay = Sound(upstream);
        Pass(relay, upstream, Chunk);

        var wait = relay.ReadAsync(Memory<byte>.Empty);
        Assert.That((wait.IsCompleted, pool.HeldBytes), Is.EqualTo((false, BinaryRelay.BlockBytes)));
        upstream.End();
        wait.GetAwaiter().GetResult();
        while (Read(relay) > 0)
        {
        }

        relay.Release();
        Assert.That(pool.HeldBytes, Is.Zero);
    }

    private static SseRelay Relay(Stream upstream)
    {
        StayOnThisThread();
        var options = new RelayOptions
        {
            ClientWantsUsage = false,
            HoldsLastChunk = false,
            Encoding = TokenEncoding.O200k,
            PingInterval = TimeSpan.FromSeconds(15),
            IdleTimeout = TimeSpan.FromMinutes(1),
            OnNextContent = static _ => { },
        };
        return new SseRelay(upstream, options, static () => true, static _ => default);
    }

    private static BinaryRelay Sound(Stream upstream)
    {
        StayOnThisThread();
        return new BinaryRelay(upstream, new BinaryRelayOptions { IdleTimeout = TimeSpan.FromMinutes(1) }, static () => true, static _ => new ValueTask<bool>(true));
    }

    // A server has no synchronization context; the test framework's would go on elsewhere.
    private static void StayOnThisThread() => SynchronizationContext.SetSynchronizationContext(null);

    // The first chunks fill the pools, load what is loaded once, and have the text that is to be counted take its 4 KB.
    private long AllocatedBy(Stream relay, ArrivingStream upstream, byte[] chunk)
    {
        for (var i = 0; i < 1_200; i++)
            Pass(relay, upstream, chunk);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 500; i++)
            Pass(relay, upstream, chunk);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Pass(Stream relay, ArrivingStream upstream, byte[] chunk)
    {
        var wait = relay.ReadAsync(Memory<byte>.Empty);
        upstream.Arrive(chunk);

        // The first block of sound is held back until the next has come.
        if (!wait.IsCompleted)
            upstream.Arrive(chunk);
        wait.GetAwaiter().GetResult();
        Read(relay);
    }

    private int Read(Stream relay) => relay.ReadAsync(buffer).GetAwaiter().GetResult();
}
