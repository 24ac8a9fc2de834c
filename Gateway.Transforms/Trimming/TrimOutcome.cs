using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Trimming;

/// <summary>What trimming did. Unit: messages, system and developer messages not counted.</summary>
/// <param name="Dropped">Messages removed, orphans included.</param>
/// <param name="Kept">Messages left.</param>
/// <param name="Orphans">Of those removed, the answers whose call went with the cut, and the calls that nobody answered.</param>
/// <param name="IsOverLimit">True if more are left than asked for: what is pinned exceeds the limit.</param>
/// <param name="Skipped">Why nothing was done, as a phrase; null if the body was understood.</param>
public readonly record struct TrimOutcome(int Dropped, int Kept, int Orphans, bool IsOverLimit, string? Skipped)
{
    internal const string ResultWithoutCall = "a tool result has no call";
    internal const string LateResult = "a tool result came late";

    internal static TrimOutcome Understood(int dropped, int kept, int orphans, int maxMessages) =>
        new(dropped, kept, orphans, IsOverLimit: kept > maxMessages, Skipped: null);

    internal static TrimOutcome SteppedAside(string reason) => new(0, 0, 0, IsOverLimit: false, reason);

    internal static TrimOutcome SteppedAside(MessageFault fault) => SteppedAside(fault switch
    {
        MessageFault.NotArray => "the messages are no array",
        MessageFault.NotObject => "a message is no object",
        MessageFault.NoRole => "a message has no role",
        MessageFault.UnknownKind => "a message is of an unknown kind",
        MessageFault.TooMany => "too many messages",
        _ => "tool calls of an unknown shape",
    });
}
