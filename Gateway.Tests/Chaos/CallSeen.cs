using System.Collections.Concurrent;

namespace Gateway.Tests.Chaos;

/// <summary>How a call ended for its client.</summary>
internal enum SeenEnd
{
    /// <summary>A whole answer: the body, or a stream up to <c>[DONE]</c>.</summary>
    Complete,

    /// <summary>An error answer, or an error event in a stream.</summary>
    Error,

    /// <summary>The connection broke or nothing came for too long.</summary>
    Broken,

    /// <summary>The client itself hung up.</summary>
    HungUp,
}

/// <summary>What one client saw of one call.</summary>
internal sealed record CallSeen
{
    /// <summary>The call's id: the run id on its receipt, and the first word of its prompt.</summary>
    public required string Id { get; init; }

    /// <summary>Where it went; <c>null</c>: there was only one.</summary>
    public GatewayNode? Gateway { get; init; }

    public required bool Streamed { get; init; }

    public required SeenEnd End { get; init; }

    /// <summary>Whether any of the answer's text arrived.</summary>
    public bool HasContent { get; init; }

    public string? Receipt { get; init; }

    /// <summary>What the answer said that it cost; nano-credits.</summary>
    public long? Cost { get; init; }

    public int? Status { get; init; }

    public string? Error { get; init; }

    /// <summary>When it began and ended (Stopwatch ticks).</summary>
    public (long From, long To) Time { get; init; }

    public override string ToString() => $"{Id} at {Gateway?.Name}: {(Streamed ? "stream" : "plain")} {End}, status {Status}, receipt {Receipt}, cost {Cost}, {Error}";
}

/// <summary>The clients' journal, and the credits that were put in.</summary>
internal sealed class ClientJournal
{
    public ConcurrentQueue<CallSeen> Calls { get; } = new();

    /// <summary>Acknowledged top-ups of the scarce bucket; nano-credits.</summary>
    public ConcurrentQueue<long> TopUps { get; } = new();
}
