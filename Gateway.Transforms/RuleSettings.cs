using System.Collections.Frozen;
using Gateway.Transforms.Compression;

namespace Gateway.Transforms;

/// <summary>What a workspace says about its rules beside the rules themselves.</summary>
public sealed record RuleSettings
{
    /// <summary>Nothing said.</summary>
    public static readonly RuleSettings Default = new();

    /// <summary>The kill switch: <c>false</c> turns all compression off.</summary>
    public bool CompressionEnabled { get; init; } = true;

    /// <summary>The strength where no tag and no rule says another; <see cref="Strength.Off"/> by default.</summary>
    public Strength DefaultStrength { get; init; }

    /// <summary>Strengths of tags (<c>PUT /api/tags/{tag}</c>): they go before the rules' own.</summary>
    public FrozenDictionary<string, Strength> TagStrengths { get; init; } = FrozenDictionary<string, Strength>.Empty;

    /// <summary>The share of compressed calls that are asked a second time uncompressed, to compare. 0 to 0.05, default 0.</summary>
    public double ShadowRate { get; init; }
}
