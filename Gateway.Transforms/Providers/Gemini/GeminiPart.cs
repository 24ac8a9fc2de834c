using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Why a candidate ended, as OpenAI's API has words for it.</summary>
internal enum GeminiFinish
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>By itself, or for a reason that has no other word.</summary>
    Stop,

    /// <summary>At the output limit.</summary>
    Length,

    /// <summary>By a filter.</summary>
    Filtered,
}

/// <summary>A candidate of a response.</summary>
/// <param name="Index">Which: 0 to <see cref="GeminiResponse.MostCandidates"/> - 1.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="FirstPart">Its first part in <see cref="GeminiResponse.Parts"/>.</param>
/// <param name="PartCount">How many parts it has.</param>
internal readonly record struct GeminiCandidate(int Index, GeminiFinish Finish, int FirstPart, int PartCount);

/// <summary>What a part is.</summary>
internal enum GeminiPartKind
{
    /// <summary>Text of the answer.</summary>
    Text,

    /// <summary>A summary of the model's thoughts.</summary>
    Thought,

    /// <summary>A function call.</summary>
    Call,
}

/// <summary>A part of a candidate. Ranges are offsets in the response; absent ones <c>default</c>.</summary>
internal record struct GeminiPart
{
    /// <summary>What it is.</summary>
    public GeminiPartKind Kind;

    /// <summary>The raw text, quotes included.</summary>
    public ByteRange Text;

    /// <summary>Of a call: the raw name, quotes included.</summary>
    public ByteRange Name;

    /// <summary>Of a call: the raw arguments, an object.</summary>
    public ByteRange Arguments;

    /// <summary>Of a call: the raw id, quotes included; older models give none.</summary>
    public ByteRange Id;

    /// <summary>The raw signature, quotes included, that the model wants back with the call.</summary>
    public ByteRange Signature;
}
