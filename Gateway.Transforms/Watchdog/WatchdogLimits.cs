namespace Gateway.Transforms.Watchdog;

/// <summary>The numbers of the test. They belong together: they were chosen by simulation, which <c>bench/results/watchdog.md</c> repeats.</summary>
public static class WatchdogLimits
{
    /// <summary>What of the control's mean score must be kept: a drop of 10 % is the indifference point.</summary>
    public const double Kept = 0.9;

    /// <summary>Scale of the half-normal mixture over how much worse than <see cref="Kept"/> the treated arm may be. Unit: score.</summary>
    public const double Tau = 0.08;

    /// <summary>From this statistic on, half of the conversations are held out.</summary>
    public const double SuspectAt = 3;

    /// <summary>From this statistic on, someone should look.</summary>
    public const double WarnAt = 20;

    /// <summary>From this statistic on, the rule is paused.</summary>
    public const double PauseAt = 300;

    /// <summary>From this statistic on, the opposite way, a paused rule resumes.</summary>
    public const double ResumeAt = 20;

    /// <summary>A statistic above this one is told as this one: it says no more, and a number stays a number in JSON.</summary>
    public const double MostStatistic = 1e12;

    /// <summary>Scores of each arm, or pairs, that close a bucket.</summary>
    public const int BucketSize = 10;

    /// <summary>Most scores of an arm in a bucket: where the other arm gets none, no more are counted.</summary>
    public const int MostInBucket = 1000;

    /// <summary>Closed buckets that are kept.</summary>
    public const int RingSize = 128;

    /// <summary>Fewest scores of the control arm in a window.</summary>
    public const int FewestControl = 30;

    /// <summary>Fewest scores of the treated arm in a window.</summary>
    public const int FewestTreated = 60;

    /// <summary>Fewest pairs in a window, and in a probe.</summary>
    public const int FewestPairs = 30;

    /// <summary>Most pairs of one probe: undecided by then, the rule rests again.</summary>
    public const int MostProbePairs = 3000;

    /// <summary>A control arm below this mean score has nothing to lose: its windows are not looked at.</summary>
    public const double LeastControlMean = 0.2;

    /// <summary>Variance that each arm is taken to have had in <see cref="PriorCount"/> scores before the first one.</summary>
    public const double PriorVariance = 0.15;

    /// <summary>Weight of <see cref="PriorVariance"/>. Unit: scores.</summary>
    public const int PriorCount = 10;

    /// <summary>A drop from which on running conversations are paused too.</summary>
    public const double DropForAll = 0.30;

    /// <summary>Share of the conversations that is held out.</summary>
    public const double HoldOut = 0.10;

    /// <summary>Share that is held out while the statistic is at or above <see cref="SuspectAt"/>.</summary>
    public const double WideHoldOut = 0.50;

    /// <summary>Share of an arm of a bucket that one API key may supply where others supply scores too.</summary>
    public const double ShareOfOneKey = 0.20;

    /// <summary>Most resumes within <see cref="ResumesCountFor"/> that nobody asked for.</summary>
    public const int MostResumes = 2;

    /// <summary>How long a resume is counted.</summary>
    public static readonly TimeSpan ResumesCountFor = TimeSpan.FromHours(24);

    /// <summary>The first rest; each later one is twice as long.</summary>
    public static readonly TimeSpan FirstRest = TimeSpan.FromHours(1);

    /// <summary>The longest rest.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromHours(24);

    /// <summary>A source that has been silent for longer speaks of another time, and is left out of the windows.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromHours(24);

    /// <summary>The windows. Unit: the newest so many buckets of each source.</summary>
    public static IReadOnlyList<int> Windows { get; } = [3, 6, 12, 24, 48, 96, 128];
}
