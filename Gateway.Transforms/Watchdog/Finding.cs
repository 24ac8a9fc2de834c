namespace Gateway.Transforms.Watchdog;

/// <summary>The window that speaks most against the rule.</summary>
/// <param name="Statistic">Its ratio, see <see cref="Contrast.Ratio"/>; at most <see cref="WatchdogLimits.MostStatistic"/>.</param>
/// <param name="Difference">Its d. Unit: score.</param>
/// <param name="Drop">0.1: the treated arm is 10 % worse.</param>
/// <param name="Count">Scores in it.</param>
/// <param name="Window">Unit: buckets.</param>
public sealed record Finding(double Statistic, double Difference, double Drop, long Count, int Window)
{
    private const int MostSources = 5;

    /// <summary>Nothing was looked at.</summary>
    public static Finding None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>Looks at every window of the sources that are not silent, combined; <c>null</c>: none has enough scores.</summary>
    public static Finding? Look(IReadOnlyList<SourceEvidence> sources, PairEvidence? pairs, DateTimeOffset now)
    {
        Finding? worst = null;
        var longest = 0;
        foreach (var source in sources)
            longest = Math.Max(longest, IsSilent(source.LastAt, now) ? 0 : source.Ring.Length);
        if (pairs is not null && !IsSilent(pairs.LastAt, now))
            longest = Math.Max(longest, pairs.Ring.Length);

        foreach (var window in WatchdogLimits.Windows)
        {
            if (window > longest)
                break;
            if (Look(sources, pairs, window, now) is { } contrast && contrast.Ratio is var ratio && (worst is null || ratio > worst.Statistic))
                worst = new Finding(ratio, contrast.Difference, contrast.Drop, contrast.Count, window);
        }

        return worst;
    }

    private static Contrast? Look(IReadOnlyList<SourceEvidence> sources, PairEvidence? pairs, int window, DateTimeOffset now)
    {
        Span<Contrast> contrasts = stackalloc Contrast[MostSources];
        var count = 0;
        foreach (var source in sources)
        {
            if (!IsSilent(source.LastAt, now) && source.Look(window) is { } contrast)
                contrasts[count++] = contrast;
        }

        if (pairs is not null && !IsSilent(pairs.LastAt, now) && pairs.Look(window) is { } paired)
            contrasts[count++] = paired;
        return count == 0 ? null : Contrast.Combine(contrasts[..count]);
    }

    private static bool IsSilent(DateTimeOffset lastAt, DateTimeOffset now) => now - lastAt > WatchdogLimits.SilentAfter;
}
