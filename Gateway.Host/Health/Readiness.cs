using System.Text.Json;
using Gateway.Host.Routing;
using Gateway.Ledger;

namespace Gateway.Host.Health;

/// <summary>Whether calls should be sent to this gateway, and the state of each part that this depends on.</summary>
/// <param name="Ledger">The parts of the ledger.</param>
/// <param name="IsDraining">The process is ending.</param>
/// <param name="HasBacklog">As many settlements wait for the book as may.</param>
/// <param name="NeedsBook">Calls are refused while the book is away.</param>
/// <param name="Circuits">The upstream models of the channels that are in use.</param>
internal sealed record Readiness(LedgerHealth Ledger, bool IsDraining, bool HasBacklog, bool NeedsBook, IReadOnlyList<ChannelState> Circuits)
{
    /// <summary>The most channels that are listed: those that are degraded come first.</summary>
    public const int MaxChannels = 100;

    private const string Ok = "ok";
    private const string Degraded = "degraded";

    /// <summary>Whether a call could be admitted, by the front or by the book. Channels have no say: which one is away differs from call to call.</summary>
    public bool CanAdmit => Ledger is { SpoolOk: true, FrontOk: true, ClockIsWrong: false } && !HasBacklog && (Ledger.BookOk || !NeedsBook);

    /// <summary>Whether calls should come.</summary>
    public bool IsReady => CanAdmit && !IsDraining;

    /// <summary>Writes the members of the answer.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("status", IsDraining ? "draining" : CanAdmit ? Ok : Degraded);

        // Nothing listens before the migrations are applied: who can ask has them.
        json.WriteString("migrations", Ok);
        json.WriteString("spool", Word(Ledger.SpoolOk));
        json.WriteString("book", Word(Ledger.BookOk));
        json.WriteString("front", Word(Ledger.FrontOk));
        json.WriteString("clock", Word(!Ledger.ClockIsWrong));
        WriteChannels(json);
        json.WriteNumber("unrecorded", Ledger.Unrecorded);
    }

    // By id, for a name may tell whom the operator buys from; and nobody needs a key to read this.
    private void WriteChannels(Utf8JsonWriter json)
    {
        var channels = Circuits.GroupBy(static circuit => circuit.ChannelId, StringComparer.Ordinal)
            .Select(static group => (Id: group.Key, IsOk: group.All(static circuit => circuit.Phase == CircuitPhase.Closed)))
            .OrderBy(static channel => channel.IsOk).ThenBy(static channel => channel.Id, StringComparer.Ordinal)
            .ToList();
        json.WriteString("channels", Word(channels.TrueForAll(static channel => channel.IsOk)));
        json.WriteStartObject("channelStates");
        foreach (var (id, isOk) in channels.Take(MaxChannels))
            json.WriteString(id, Word(isOk));
        json.WriteEndObject();
    }

    private static string Word(bool isOk) => isOk ? Ok : Degraded;
}
