using System.Diagnostics;

namespace Gateway.Host.Telemetry;

/// <summary>When a step of a call began and ended, in <see cref="Stopwatch"/> ticks; zeros: it was not taken.</summary>
internal readonly record struct StepTime(long Began, long Ended)
{
    /// <summary>A step that ends now.</summary>
    public static StepTime Since(long began) => new(began, Stopwatch.GetTimestamp());

    /// <summary>Whether the step was taken.</summary>
    public bool IsTaken => Ended != 0;
}

/// <summary>The steps of a call that become spans. They are measured always, because four time stamps cost less than one span, and become spans when the call ends.</summary>
internal struct CallTimes
{
    /// <summary>What the rules make of the request, resolution included.</summary>
    public StepTime Rules { get; set; }

    /// <summary>The question to the cache.</summary>
    public StepTime Cache { get; set; }

    /// <summary>The hold; with a cache, the one of nothing before it is asked.</summary>
    public StepTime Admission { get; set; }

    /// <summary>The hold of what the call can cost, behind a cache that has no answer.</summary>
    public StepTime Raise { get; set; }

    /// <summary>The settlement.</summary>
    public StepTime Settlement { get; set; }
}
