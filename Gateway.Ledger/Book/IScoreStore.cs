using System.Security.Cryptography;
using System.Text;

namespace Gateway.Ledger.Book;

/// <summary>What one source thought of one answer.</summary>
public sealed record ScoreRecord
{
    /// <summary>One million of these is a score of 1.</summary>
    public const long One = 1_000_000;

    /// <summary>Counts up over the whole book; 0 before it is stored.</summary>
    public long Id { get; init; }

    /// <summary>The tenant.</summary>
    public required string Workspace { get; init; }

    /// <summary>The call.</summary>
    public required ReceiptId ReceiptId { get; init; }

    /// <summary>The key that made the call.</summary>
    public required string KeyId { get; init; }

    /// <summary>The rule that compressed the call, or held it out; <c>null</c>: none did.</summary>
    public string? RuleId { get; init; }

    /// <summary>The tag that the rule matched; empty: it matched without one.</summary>
    public string Tag { get; init; } = "";

    /// <summary>The strength that is compared, for the control arm too; <c>null</c>: none.</summary>
    public string? Strength { get; init; }

    /// <summary><c>treated</c>, <c>control</c>, <c>paused</c> or <c>none</c>.</summary>
    public required string Arm { get; init; }

    /// <summary>For example <c>user</c>; a call has one score from each.</summary>
    public required string Source { get; init; }

    /// <summary>The score. Unit: millionths, 0 to <see cref="One"/>.</summary>
    public required long Millionths { get; init; }

    /// <summary>Whatever the source adds.</summary>
    public string? Note { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether the other is the same score of the same call again.</summary>
    internal bool SaysTheSameAs(ScoreRecord other) =>
        ReceiptId == other.ReceiptId && Millionths == other.Millionths
        && string.Equals(Source, other.Source, StringComparison.Ordinal) && string.Equals(Note, other.Note, StringComparison.Ordinal);
}

/// <summary>The answer to one score: a closed family.</summary>
public abstract record ScoreResult
{
    private ScoreResult()
    {
    }

    /// <summary>Stored; <paramref name="Replayed"/>: the very same was stored before, and counts once.</summary>
    public sealed record Stored(ScoreRecord Score, bool Replayed) : ScoreResult;

    /// <summary>The source has given the call another score, which stays.</summary>
    public sealed record AlreadyScored(ScoreRecord Score) : ScoreResult;
}

/// <summary>What one detector watches.</summary>
/// <param name="Workspace">The tenant.</param>
/// <param name="RuleId">The rule.</param>
/// <param name="Tag">The tag that it matched; empty: without one.</param>
/// <param name="Strength">For example <c>medium</c>.</param>
public sealed record DetectorKey(string Workspace, string RuleId, string Tag, string Strength)
{
    /// <summary>The kind of a detector's audit records, by which gateways follow each other's.</summary>
    public const string AuditKind = "watchdog";

    /// <summary>The actor of those that nobody asked for.</summary>
    public const string AuditActor = "watchdog";

    /// <summary>The same for the same detector everywhere: <c>wd_</c> and 80 bits of a SHA-256.</summary>
    public string Id =>
        "wd_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Workspace}\n{RuleId}\n{Tag}\n{Strength}")).AsSpan(0, 10));
}

/// <summary>A detector as it is stored.</summary>
/// <param name="Key">What it watches.</param>
/// <param name="Summary">What others need to know of it (UTF-8 JSON).</param>
/// <param name="Version">Counts writes from 1.</param>
/// <param name="UpdatedAt">When it was last written.</param>
public sealed record StoredDetector(DetectorKey Key, byte[] Summary, long Version, DateTimeOffset UpdatedAt);

/// <summary>What becomes of a detector.</summary>
/// <param name="State">All that it knows (UTF-8 JSON).</param>
/// <param name="Summary">What others need to know of it (UTF-8 JSON).</param>
/// <param name="Transitions">What changed of its phase, before and after (UTF-8 JSON): an audit record each; mostly none.</param>
public sealed record DetectorChange(byte[] State, byte[] Summary, IReadOnlyList<(byte[]? Before, byte[] After)> Transitions);

/// <summary>Keeps scores, and the detectors that they feed. Several gateways may share a store: a detector is locked while it changes.</summary>
public interface IScoreStore
{
    /// <summary>Stores scores and changes their detector, all in one transaction: no score is counted twice, and none is lost.</summary>
    /// <param name="detector">The detector of all of them; <c>null</c>: none, and <paramref name="fold"/> is not called.</param>
    /// <param name="scores">At most 1,000.</param>
    /// <param name="fold">
    /// Gets the stored state (<c>null</c>: none yet) and the scores that are new, at least one. Pure and quick: it runs within the transaction, and may
    /// run again after a conflict.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>In the order of the scores.</returns>
    Task<IReadOnlyList<ScoreResult>> ScoreAsync(
        DetectorKey? detector, IReadOnlyList<ScoreRecord> scores, Func<byte[]?, IReadOnlyList<ScoreRecord>, DetectorChange> fold, CancellationToken cancellationToken);

    /// <summary>Changes a detector without a score.</summary>
    /// <param name="detector">Which one.</param>
    /// <param name="actor">Who, for the audit records.</param>
    /// <param name="change">Gets the stored state; <c>null</c>: nothing is to be changed. As the fold above.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was written; <c>null</c>: nothing, or there is no such detector.</returns>
    Task<DetectorChange?> ChangeAsync(DetectorKey detector, string actor, Func<byte[], DetectorChange?> change, CancellationToken cancellationToken);

    /// <summary>Scores of a tenant, newest first.</summary>
    Task<Page<ScoreRecord>> ListScoresAsync(string workspace, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Detectors in order of id; <paramref name="workspace"/> <c>null</c>: every tenant's.</summary>
    Task<Page<StoredDetector>> ListDetectorsAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>By id.</summary>
    Task<StoredDetector?> FindDetectorAsync(string id, CancellationToken cancellationToken);
}
