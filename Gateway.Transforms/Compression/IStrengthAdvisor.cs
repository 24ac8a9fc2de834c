namespace Gateway.Transforms.Compression;

/// <summary>Says whether one conversation is compressed, and how much: the watchdog's place between a rule and its effect.</summary>
/// <remarks>Called once for each request that a compress rule is about to change, on the request's thread: it must not block, throw or allocate much.</remarks>
public interface IStrengthAdvisor
{
    /// <summary>The strength that this conversation gets. One that is stronger than was asked for counts as what was asked for.</summary>
    StrengthAdvice Advise(in CompressSubject subject);
}

/// <summary>What a compress rule is about to do, and to whom.</summary>
/// <param name="Workspace">The tenant. Never empty.</param>
/// <param name="RuleId">The rule's id.</param>
/// <param name="Tag">The tag of the request that the rule matched, or "" where it matches without one.</param>
/// <param name="Unit">What stays on one arm.</param>
/// <param name="Wanted">The strength after all overrides: never <see cref="Strength.Off"/>.</param>
public readonly record struct CompressSubject(string Workspace, string RuleId, string Tag, ConversationUnit Unit, Strength Wanted)
{
    /// <summary>True if nothing is sent upstream: the advice is given as for a real request, and nothing is remembered. Default: false.</summary>
    public bool IsDryRun { get; init; }
}

/// <summary>What the requests that must share an arm have in common. It never depends on the last user message.</summary>
/// <param name="Kind">What <paramref name="Hash"/> was made of.</param>
/// <param name="Hash">
/// The first 64 bits of a SHA-256 over the id, or over the system prompts and tools. Not keyed and without the workspace: an advisor mixes in its
/// own secret, the workspace, the rule and, for <see cref="UnitKind.Slot"/>, the time slot.
/// </param>
public readonly record struct ConversationUnit(UnitKind Kind, ulong Hash);

/// <summary>What identifies a conversation, the best first.</summary>
public enum UnitKind
{
    /// <summary>A conversation or session id that the client sent.</summary>
    Conversation,

    /// <summary>The end user's id: <c>user</c>, or <c>metadata.user_id</c>.</summary>
    EndUser,

    /// <summary>Neither: all requests of the workspace with the same system prompts and tools, for one slot of time.</summary>
    Slot,
}

/// <summary>The experiment's arm of a conversation, as the receipt names it.</summary>
public enum Arm
{
    /// <summary>No experiment runs.</summary>
    None,

    /// <summary>Compressed, and compared with the control.</summary>
    Treated,

    /// <summary>Held out: not compressed, so that there is something to compare with.</summary>
    Control,

    /// <summary>Not compressed: the rule is paused.</summary>
    Paused,
}

/// <summary>An advisor's answer.</summary>
/// <param name="Strength">What the conversation gets; <see cref="Strength.Off"/> for the control and while paused.</param>
/// <param name="Arm">The arm, for the receipt.</param>
public readonly record struct StrengthAdvice(Strength Strength, Arm Arm);

/// <summary>The advisor where nobody watches: every conversation gets what its rule asks for.</summary>
public sealed class FullStrength : IStrengthAdvisor
{
    /// <summary>The only instance: it has no state.</summary>
    public static FullStrength Instance { get; } = new();

    /// <inheritdoc/>
    public StrengthAdvice Advise(in CompressSubject subject) => new(subject.Wanted, Arm.None);
}
