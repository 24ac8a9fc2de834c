using Gateway.Tests.Fakes;

namespace Gateway.Tests.EndToEnd.Faults;

/// <summary>One way in which a provider fails, what it does on the wire, and what must become of a call.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Play">How, for plain calls and streams.</param>
internal sealed record Fault(string Name, Func<RawExchange, Task> Play)
{
    /// <summary>What becomes of a plain call; <c>null</c>: the fault has no plain form.</summary>
    public Ending? Plain { get; init; }

    /// <summary>What becomes of a stream; <c>null</c>: the fault has no streamed form.</summary>
    public Ending? Streamed { get; init; }

    /// <summary>Whether the channel's address refuses connections, so that nothing is played.</summary>
    public bool Refuses { get; init; }

    /// <summary>The channel's fields for this fault: its time-outs, where the fault is about time.</summary>
    public string Fields { get; init; } = "";

    /// <summary>The same for plain calls and streams.</summary>
    public Fault Both(Ending ending) => this with { Plain = ending, Streamed = ending };

    public override string ToString() => Name;
}

/// <summary>What must become of a call whose channel has a <see cref="Fault"/>.</summary>
internal abstract record Ending
{
    private Ending()
    {
    }

    /// <summary>Nothing has reached the client: the next candidate answers, or the client gets this error and pays nothing.</summary>
    /// <param name="Status">The error's status if there is no other candidate.</param>
    /// <param name="Code">Its code.</param>
    /// <param name="Attempt">What the receipt says of the attempt: status and kind of error.</param>
    internal sealed record Failed(int Status, string Code, string Attempt) : Ending
    {
        /// <summary>The seconds that the error tells the client to wait; <c>null</c>: any.</summary>
        public string? RetryAfter { get; init; }
    }

    /// <summary>The stream has begun: it ends with an error event, and what was delivered is charged.</summary>
    /// <param name="Code">The event's code.</param>
    /// <param name="Attempt">What the receipt says of the attempt: status and kind of error.</param>
    /// <param name="OutputTokens">The most output that can have been delivered; 0: none was, and the call is free.</param>
    internal sealed record Cut(string Code, string Attempt, int OutputTokens) : Ending;

    /// <summary>The client gets this answer, whoever else could have answered.</summary>
    /// <param name="Text">The answer.</param>
    /// <param name="CountedBy">Who counted what is charged.</param>
    internal sealed record Sound(string Text = "a a a", string CountedBy = "upstream") : Ending
    {
        /// <summary>The exact cost. Unit: credits; <c>null</c>: what the receipt's own quantities cost.</summary>
        public decimal? Cost { get; init; } = CountedBy == "upstream" ? 0.000042m : null;
    }
}
