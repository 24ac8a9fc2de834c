using Gateway.Ledger.Book;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Api.Evals;

/// <summary>A stored score.</summary>
internal sealed record ScoreAnswer(
    string Id, string ReceiptId, string Source, decimal Score, string? Note, string KeyId, string? RuleId, string Tag, string? Strength, string Arm, DateTimeOffset CreatedAt)
{
    public static ScoreAnswer Of(ScoreRecord score) => new(
        $"sc_{score.Id}", score.ReceiptId.ToString(), score.Source, (decimal)score.Millionths / ScoreRecord.One, score.Note, score.KeyId, score.RuleId, score.Tag, score.Strength,
        score.Arm, score.CreatedAt);
}

/// <summary>What became of one score of several: 201 stored, 200 stored before, 404 no such receipt, 409 another score is there.</summary>
internal sealed record ScoreOutcome(int Status, string ReceiptId, string Source, ScoreAnswer? Score);

/// <summary>The answer to several scores, in their order.</summary>
internal sealed record ScoreOutcomes(IReadOnlyList<ScoreOutcome> Data);

/// <summary>A detector of the compression watchdog.</summary>
internal sealed record DetectorAnswer(
    string Id, string RuleId, string Tag, string Strength, DetectorPhase Phase, DateTimeOffset Since, string Serves, double HoldOut, double Statistic, double Difference,
    double DropPercent, long Count, int Window, DateTimeOffset? RestsUntil, bool NeedsHand, bool PausesRunning, long ProbePairs, DateTimeOffset UpdatedAt);
