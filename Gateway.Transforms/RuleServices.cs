using Gateway.Transforms.Caching;
using Gateway.Transforms.Compression;

namespace Gateway.Transforms;

/// <summary>What compiled rules share: one place for each thing that a rule cannot make itself.</summary>
public sealed record RuleServices
{
    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Decides which conversations are compressed.</summary>
    public IStrengthAdvisor Strengths { get; init; } = FullStrength.Instance;

    /// <summary>Where answers are kept, and what finds them. Default: this process's memory, and no embeddings.</summary>
    public CachingServices Caching { get; init; } = CachingServices.InProcess(TimeProvider.System);
}
