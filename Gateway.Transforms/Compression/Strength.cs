namespace Gateway.Transforms.Compression;

/// <summary>How far a block may be compressed. Ordered from the mildest, so that the lesser of two is the milder.</summary>
public enum Strength
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>Lossless: insignificant white space, ANSI escapes, repeated lines.</summary>
    Light,

    /// <summary>Every value is kept: tables for uniform arrays, text for HTML, folded logs and stack traces.</summary>
    Medium,

    /// <summary>Lossy and announced: filler words, sampled arrays, cut strings.</summary>
    Aggressive,
}
