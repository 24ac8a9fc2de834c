namespace Gateway.Transforms.Compression;

/// <summary>What a compress rule decided about a request of a workspace that has calls asked again: enough to ask both ways.</summary>
/// <param name="Subject">What the advisor was asked.</param>
/// <param name="Advice">What it said.</param>
/// <param name="Original">The request before compression, a copy.</param>
public sealed record CompressDecision(CompressSubject Subject, StrengthAdvice Advice, byte[] Original);
