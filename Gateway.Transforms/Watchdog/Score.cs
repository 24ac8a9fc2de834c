using Gateway.Transforms.Compression;

namespace Gateway.Transforms.Watchdog;

/// <summary>Who judged an answer. What different sources say is never averaged: each is a scale of its own.</summary>
public enum ScoreSource
{
    /// <summary>The end user: thumbs, stars.</summary>
    User,

    /// <summary>A model that judges answers.</summary>
    Judge,

    /// <summary>A run over a data set.</summary>
    Eval,

    /// <summary>A request that was answered both ways.</summary>
    Shadow,
}

/// <summary>What a detector needs to know of one score.</summary>
/// <param name="Source">Who judged.</param>
/// <param name="Arm">The arm of the call; only <see cref="Arm.Treated"/> and <see cref="Arm.Control"/> count.</param>
/// <param name="Millionths">The score. 0 to 1,000,000.</param>
/// <param name="KeyId">The API key that made the call; empty: the gateway itself, whose scores are not limited to a share.</param>
/// <param name="CalledAt">When the call was made: what is older than the detector's last change of mind is about another time.</param>
public readonly record struct Score(ScoreSource Source, Arm Arm, long Millionths, string KeyId, DateTimeOffset CalledAt);

/// <summary>One request that was answered with and without compression, and both scores.</summary>
/// <param name="Control">The score without. 0 to 1,000,000.</param>
/// <param name="Treated">The score with. 0 to 1,000,000.</param>
/// <param name="CalledAt">When the call was made.</param>
public readonly record struct ScorePair(long Control, long Treated, DateTimeOffset CalledAt);
