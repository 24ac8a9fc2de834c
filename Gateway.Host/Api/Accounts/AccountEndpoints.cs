using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Ledger;

namespace Gateway.Host.Api.Accounts;

/// <summary><c>/api/accounts</c>, packs, top-ups, entries, receipts. Putting credits in is the operator's.</summary>
internal sealed class AccountEndpoints(ILedger ledger, TimeProvider time)
{
    private readonly PackFieldsValidator packValidator = new(time);
    private readonly TopUpFieldsValidator topUpValidator = new();

    public static void Map(RouteGroupBuilder api)
    {
        var only = new ScopeMetadata(ScopeMetadata.Operator);
        var read = new ScopeMetadata("accounts:read");
        api.MapPost("/packs", static (HttpContext http, AccountEndpoints accounts) => accounts.PackAsync(http)).WithMetadata(only);
        api.MapPost("/top-ups", static (HttpContext http, AccountEndpoints accounts) => accounts.TopUpAsync(http)).WithMetadata(only);
        api.MapGet("/accounts", static (HttpContext http, AccountEndpoints accounts) => accounts.ListAsync(http)).WithMetadata(read);
        api.MapGet("/accounts/{id}", static (HttpContext http, string id, AccountEndpoints accounts) => accounts.GetAsync(http, id)).WithMetadata(read);
        api.MapGet("/entries", static (HttpContext http, AccountEndpoints accounts) => accounts.EntriesAsync(http)).WithMetadata(read);
        api.MapGet("/receipts/{id}", static (HttpContext http, string id, AccountEndpoints accounts) => accounts.ReceiptAsync(http, id))
            .WithMetadata(new ScopeMetadata("receipts:read"));
        api.MapGet("/runs/{id}", static (HttpContext http, string id) => RunAsync(http, id)).WithMetadata(new ScopeMetadata("receipts:read"));
    }

    private async Task<IResult> PackAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<PackFields>();
        ApiRequest.Check(packValidator, fields);
        return await PostAsync(http, "credits", Draft(http, request, BucketKind.Pack, "CREDIT", fields.Credits) with
        {
            Provider = fields.Provider,
            Model = fields.Model,
            ExpiresAt = fields.ExpiresAt,
        });
    }

    private async Task<IResult> TopUpAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<TopUpFields>();
        ApiRequest.Check(topUpValidator, fields);
        var posting = Draft(http, request, fields.Bucket!.Value, fields.Currency ?? "CREDIT", fields.Amount);
        return await PostAsync(http, "amount", posting with { Note = fields.Note });
    }

    private static Posting Draft(HttpContext http, ApiRequest request, BucketKind kind, string currency, decimal? amount)
    {
        var workspace = ApiCaller.Of(http).Workspace;
        return new Posting
        {
            Account = KeySnapshot.AccountOf(workspace),
            Workspace = workspace,
            Kind = kind,
            Currency = currency,
            Amount = Keys.Amounts.Of(amount),
            Actor = request.By.Actor,
            IdempotencyKey = request.By.IdempotencyKey,
            Fingerprint = request.By.Fingerprint,
        };
    }

    private async Task<IResult> PostAsync(HttpContext http, string amountField, Posting posting) =>
        PostingAnswer.Of(http, posting, await ledger.PostAsync(posting, CancellationToken.None), amountField, time.GetUtcNow());

    private async Task<IResult> ListAsync(HttpContext http)
    {
        ResourceWriter.PageOf(http.Request);
        return Results.Json(new ListAnswer<AccountAnswer>([await ReadAsync(KeySnapshot.AccountOf(ApiCaller.Of(http).Workspace), http)], NextCursor: null), ApiJson.Options);
    }

    private async Task<IResult> GetAsync(HttpContext http, string id) =>
        MaySee(http, id) ? Results.Json(await ReadAsync(id, http), ApiJson.Options) : Problem.NotFound();

    private async Task<IResult> EntriesAsync(HttpContext http)
    {
        var (limit, cursor) = ResourceWriter.PageOf(http.Request);
        var account = http.Request.Query["account"].ToString() is { Length: > 0 } named ? named : KeySnapshot.AccountOf(ApiCaller.Of(http).Workspace);
        if (!MaySee(http, account))
            return Problem.NotFound();
        var page = await ledger.ListEntriesAsync(account, limit, cursor, http.RequestAborted);
        return Results.Json(new ListAnswer<EntryAnswer>([.. page.Data.Select(EntryAnswer.Of)], page.NextCursor), ApiJson.Options);
    }

    private async Task<IResult> ReceiptAsync(HttpContext http, string id)
    {
        var caller = ApiCaller.Of(http);
        var workspace = caller is { IsOperator: true, NamedWorkspace: false } ? null : caller.Workspace;
        return ReceiptId.TryParse(id, out var receiptId) && await ledger.FindReceiptAsync(receiptId, workspace, keyId: null, http.RequestAborted) is { } receipt
            ? Results.Bytes(receipt, "application/json")
            : Problem.NotFound();
    }

    private static async Task<IResult> RunAsync(HttpContext http, string id)
    {
        var runs = http.RequestServices.GetRequiredService<IRuns>();
        var caller = ApiCaller.Of(http);
        var workspace = caller is { IsOperator: true, NamedWorkspace: false } ? null : caller.Workspace;
        if (!RunEndpoint.TryReadCursor(http.Request, out var cursor))
            return Problem.Invalid("cursor", "is not one that this run gave.");
        if (!CallFactsOf.IsRunId(id) || await runs.FindRunAsync(new RunQuery(id, workspace, KeyId: null), cursor, http.RequestAborted) is not { } run)
            return Problem.NotFound();

        await JsonAnswer.WriteAsync(http, json => RunEndpoint.Write(json, id, run));
        return Results.Empty;
    }

    /// <summary>Whether the caller may see the account: its own workspace's, or any for an operator who names no workspace.</summary>
    internal static bool MaySee(HttpContext http, string account)
    {
        var caller = ApiCaller.Of(http);
        return caller is { IsOperator: true, NamedWorkspace: false }
            ? account.StartsWith("acc_", StringComparison.Ordinal) && NameShapes.Id(account)
            : string.Equals(account, KeySnapshot.AccountOf(caller.Workspace), StringComparison.Ordinal);
    }

    private async Task<AccountAnswer> ReadAsync(string account, HttpContext http)
    {
        var balance = await ledger.BalanceAsync(account, http.RequestAborted);
        return new AccountAnswer(account, [.. balance.Buckets.Select(bucket => BucketAnswer.Of(bucket, time.GetUtcNow()))]);
    }
}
