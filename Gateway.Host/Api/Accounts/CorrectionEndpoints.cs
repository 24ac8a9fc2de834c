using Gateway.Host.Keys;
using Gateway.Ledger;

namespace Gateway.Host.Api.Accounts;

/// <summary><c>POST /api/adjustments</c> and <c>POST /api/refunds</c>: what the operator puts right by hand. Both are idempotent and audited.</summary>
internal sealed class CorrectionEndpoints(ILedger ledger, TimeProvider time)
{
    private static readonly AdjustmentFieldsValidator AdjustmentValidator = new();
    private static readonly RefundFieldsValidator RefundValidator = new();

    public static void Map(RouteGroupBuilder api)
    {
        var only = new ScopeMetadata(ScopeMetadata.Operator);
        api.MapPost("/adjustments", static (HttpContext http, CorrectionEndpoints corrections) => corrections.AdjustAsync(http)).WithMetadata(only);
        api.MapPost("/refunds", static (HttpContext http, CorrectionEndpoints corrections) => corrections.RefundAsync(http)).WithMetadata(only);
    }

    private async Task<IResult> AdjustAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<AdjustmentFields>();
        ApiRequest.Check(AdjustmentValidator, fields);
        var account = fields.Account ?? KeySnapshot.AccountOf(ApiCaller.Of(http).Workspace);
        if (!AccountEndpoints.MaySee(http, account))
            return Problem.NotFound();
        var balance = await ledger.BalanceAsync(account, http.RequestAborted);
        if (balance.Buckets.FirstOrDefault(known => string.Equals(known.Id, fields.Bucket, StringComparison.Ordinal)) is not { } bucket)
            return Problem.NotFound();

        var posting = new Posting
        {
            Account = account,
            Workspace = KeySnapshot.WorkspaceOf(account),
            Reason = PostingReason.Adjustment,
            Bucket = bucket.Id,
            Kind = bucket.Kind,
            Currency = bucket.Currency,
            Amount = Keys.Amounts.Of(fields.Amount),
            Note = fields.Note,
            Actor = request.By.Actor,
            IdempotencyKey = request.By.IdempotencyKey,
            Fingerprint = request.By.Fingerprint,
        };
        return PostingAnswer.Of(http, posting, await ledger.PostAsync(posting, CancellationToken.None), "amount", time.GetUtcNow());
    }

    private async Task<IResult> RefundAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<RefundFields>();
        ApiRequest.Check(RefundValidator, fields);
        if (!ReceiptId.TryParse(fields.ReceiptId, out var receiptId))
            return Problem.Invalid("receiptId", "is no receipt.");

        var caller = ApiCaller.Of(http);
        var refund = new Refund
        {
            ReceiptId = receiptId,
            Amount = fields.Amount is null ? null : Keys.Amounts.Of(fields.Amount),
            Workspace = caller.NamedWorkspace ? caller.Workspace : null,
            Reason = RefundReason.Requested,
            Actor = request.By.Actor,
            Note = fields.Note,
            IdempotencyKey = request.By.IdempotencyKey,
            Fingerprint = request.By.Fingerprint,
        };
        return await ledger.RefundAsync(refund, CancellationToken.None) switch
        {
            RefundResult.Refunded refunded => Answer(http, refund, refunded),
            RefundResult.NotFound => Problem.NotFound(),
            RefundResult.TooMuch over => Problem.Conflict($"{over.Left} credits of the charge are left to be refunded."),
            RefundResult.NothingCharged => Problem.Conflict("The call was free: there is nothing to refund."),
            RefundResult.OverLimit over => Problem.Conflict($"It would take a bucket beyond {Credits.MaxPerBucket} credits; it has {over.Balance}."),
            _ => Problem.KeyReused(),
        };
    }

    private IResult Answer(HttpContext http, Refund refund, RefundResult.Refunded refunded)
    {
        if (refunded.Replayed)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        var now = time.GetUtcNow();
        return Results.Json(
            new RefundAnswer(
                refunded.PostingId, refund.ReceiptId.ToString(), refunded.Account, refunded.KeyId, refunded.Amount.ToDecimal(),
                [.. refunded.Buckets.Select(bucket => BucketAnswer.Of(bucket, now))], refund.Note, refunded.At, "rest"),
            ApiJson.Options,
            statusCode: 201);
    }

    private sealed record RefundAnswer(
        string PostingId, string ReceiptId, string Account, string KeyId, decimal Amount, IReadOnlyList<BucketAnswer> Buckets, string? Note, DateTimeOffset CreatedAt,
        string Source);
}
