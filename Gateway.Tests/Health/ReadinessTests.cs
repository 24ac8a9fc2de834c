using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Host.Health;
using Gateway.Host.Routing;
using Gateway.Ledger;
using NUnit.Framework;

namespace Gateway.Tests.Health;

internal sealed class ReadinessTests
{
    private static readonly LedgerHealth Well = new(SpoolOk: true, BookOk: true, Unrecorded: 7);

    private static IEnumerable<TestCaseData> States() =>
    [
        new TestCaseData(Of(Well), true, "ok").SetName("All parts are well"),
        new TestCaseData(Of(Well) with { IsDraining = true }, false, "draining").SetName("The process ends"),
        new TestCaseData(Of(Well with { SpoolOk = false }), false, "degraded").SetName("The spool has failed"),
        new TestCaseData(Of(Well with { FrontOk = false }), false, "degraded").SetName("No front is open"),
        new TestCaseData(Of(Well with { ClockSkew = TimeSpan.FromSeconds(61) }), false, "degraded").SetName("The clock is wrong"),
        new TestCaseData(Of(Well) with { HasBacklog = true }, false, "degraded").SetName("Too many settlements wait for the book"),
        new TestCaseData(Of(Well with { BookOk = false }), true, "ok").SetName("The front admits while the book is away"),
        new TestCaseData(Of(Well with { BookOk = false }) with { NeedsBook = true }, false, "degraded").SetName("The book is away and must not be"),
        new TestCaseData(Of(Well, Circuit("ch_a", CircuitPhase.Open)), true, "ok").SetName("A channel is away"),
    ];

    [TestCaseSource(nameof(States))]
    public void It_is_ready_while_a_call_could_be_admitted(Readiness readiness, bool isReady, string status)
    {
        Assert.That(readiness.IsReady, Is.EqualTo(isReady));
        Assert.That(Written(readiness)["status"]!.GetValue<string>(), Is.EqualTo(status));
    }

    [Test]
    public void Each_part_is_told_by_itself()
    {
        var written = Written(Of(new LedgerHealth(SpoolOk: false, BookOk: false, Unrecorded: 7, FrontOk: false, ClockSkew: TimeSpan.FromMinutes(-2))));

        foreach (var part in (string[])["spool", "book", "front", "clock"])
            Assert.That(written[part]!.GetValue<string>(), Is.EqualTo("degraded"), part);
        Assert.That(written["channels"]!.GetValue<string>(), Is.EqualTo("ok"));
        Assert.That(written["unrecorded"]!.GetValue<long>(), Is.EqualTo(7));
    }

    [Test]
    public void A_channel_is_degraded_when_one_of_its_models_is_out_of_rotation()
    {
        var written = Written(Of(Well, Circuit("ch_a", CircuitPhase.Closed), Circuit("ch_b", CircuitPhase.Closed), Circuit("ch_b", CircuitPhase.HalfOpen)));

        Assert.That(written["channels"]!.GetValue<string>(), Is.EqualTo("degraded"));
        Assert.That(written["channelStates"]!.ToJsonString(), Is.EqualTo("""{"ch_b":"degraded","ch_a":"ok"}"""));
    }

    [Test]
    public void At_most_a_hundred_channels_are_listed_and_degraded_ones_first()
    {
        var circuits = Enumerable.Range(0, Readiness.MaxChannels + 1).Select(static n => Circuit($"ch_{n:000}", n == Readiness.MaxChannels ? CircuitPhase.Open : CircuitPhase.Closed));

        var listed = Written(Of(Well, [.. circuits]))["channelStates"]!.AsObject();

        Assert.That(listed, Has.Count.EqualTo(Readiness.MaxChannels));
        Assert.That(listed.First().Key, Is.EqualTo($"ch_{Readiness.MaxChannels:000}"));
    }

    private static Readiness Of(LedgerHealth ledger, params IReadOnlyList<ChannelState> circuits) => new(ledger, IsDraining: false, HasBacklog: false, NeedsBook: false, circuits);

    private static ChannelState Circuit(string channel, CircuitPhase phase) => new(channel, "m", phase, OpenUntil: null, Failures: 0);

    private static JsonNode Written(Readiness readiness)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            readiness.Write(json);
            json.WriteEndObject();
        }

        return JsonNode.Parse(buffer.WrittenSpan)!;
    }
}
