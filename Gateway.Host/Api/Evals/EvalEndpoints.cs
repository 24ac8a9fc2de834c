using System.Text.Json;
using Gateway.Host.Watchdog;
using Gateway.Ledger.Book;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Api.Evals;

/// <summary><c>/api/evals</c>: scores that feed the compression watchdog, and how its detectors stand.</summary>
internal sealed class EvalEndpoints(Scoring scoring, IScoreStore store)
{
    private static readonly EvalFieldsValidator Validator = new();

    public static void Map(RouteGroupBuilder api)
    {
        var read = new ScopeMetadata("evals:read");
        var write = new ScopeMetadata("evals:write");
        api.MapPost("/evals", static (HttpContext http, EvalEndpoints evals) => evals.ScoreAsync(http)).WithMetadata(write);
        api.MapGet("/evals", static (HttpContext http, EvalEndpoints evals) => evals.ListAsync(http)).WithMetadata(read);
        api.MapGet("/evals/watchdog", static (HttpContext http, EvalEndpoints evals) => evals.ListDetectorsAsync(http)).WithMetadata(read);
        api.MapPost("/evals/watchdog/{id}/resume", static (HttpContext http, string id, EvalEndpoints evals) => evals.ResumeAsync(http, id)).WithMetadata(write);
    }

    private async Task<IResult> ScoreAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<EvalFields>();
        ApiRequest.Check(Validator, fields);
        var workspace = ApiCaller.Of(http).Workspace;
        GivenScore[] given = [.. (fields.Scores ?? [fields]).Select(static score => score.ToScore())];

        // CancellationToken.None: what a client asked for is not left half done because it hung up.
        var results = await scoring.ScoreAsync(workspace, given, CancellationToken.None);
        return fields.Scores is null
            ? One(http, results[0])
            : Results.Json(new ScoreOutcomes([.. given.Zip(results, OutcomeOf)]), ApiJson.Options, statusCode: 201);
    }

    private static IResult One(HttpContext http, ScoreResult? result)
    {
        switch (result)
        {
            case ScoreResult.Stored stored:
                if (stored.Replayed)
                    http.Response.Headers["Idempotent-Replayed"] = "true";
                return Results.Json(ScoreAnswer.Of(stored.Score), ApiJson.Options, statusCode: 201);
            case ScoreResult.AlreadyScored already:
                return Problem.Conflict($"The source {already.Score.Source} has scored this call already, and differently: a score is not replaced.");
            default:
                return Problem.NotFound();
        }
    }

    private static ScoreOutcome OutcomeOf(GivenScore given, ScoreResult? result)
    {
        var (status, score) = result switch
        {
            ScoreResult.Stored stored => (stored.Replayed ? 200 : 201, stored.Score),
            ScoreResult.AlreadyScored already => (409, already.Score),
            _ => (404, null),
        };
        return new ScoreOutcome(status, given.ReceiptId.ToString(), Scoring.Name(given.Source), score is null ? null : ScoreAnswer.Of(score));
    }

    private async Task<IResult> ListAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var page = await store.ListScoresAsync(ApiCaller.Of(http).Workspace, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<ScoreAnswer>([.. page.Data.Select(ScoreAnswer.Of)], page.NextCursor), ApiJson.Options);
    }

    private async Task<IResult> ListDetectorsAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var page = await store.ListDetectorsAsync(ApiCaller.Of(http).Workspace, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<DetectorAnswer>([.. page.Data.Select(Describe)], page.NextCursor), ApiJson.Options);
    }

    private async Task<IResult> ResumeAsync(HttpContext http, string id)
    {
        var caller = ApiCaller.Of(http);
        if (!NameShapes.Id(id) || await FindAsync(id, caller.Workspace) is not { } detector)
            return Problem.NotFound();
        if (!await scoring.ResumeAsync(detector.Key, caller.Actor, CancellationToken.None))
            return Problem.Conflict("It is not paused, and serves the strength that its rule asks for.");
        return Results.Json(Describe(await FindAsync(id, caller.Workspace) ?? detector), ApiJson.Options);
    }

    private async Task<StoredDetector?> FindAsync(string id, string workspace) =>
        await store.FindDetectorAsync(id, CancellationToken.None) is { } found && string.Equals(found.Key.Workspace, workspace, StringComparison.Ordinal) ? found : null;

    private static DetectorAnswer Describe(StoredDetector detector)
    {
        var summary = JsonSerializer.Deserialize<DetectorSummary>(detector.Summary, DetectorJson.Options)
            ?? throw new JsonException("A detector's summary is an object.");
        var key = detector.Key;
        return new DetectorAnswer(
            key.Id, key.RuleId, key.Tag, key.Strength, summary.Phase, summary.Since, Detectors.Name(summary.Serves), summary.HoldOut, summary.Statistic, summary.Difference,
            summary.DropPercent, summary.Count, summary.Window, summary.RestsUntil, summary.NeedsHand, summary.PausesRunning, summary.ProbePairs, detector.UpdatedAt);
    }
}
