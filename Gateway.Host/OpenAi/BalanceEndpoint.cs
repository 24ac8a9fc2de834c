using System.Text.Json;
using Gateway.Host.Keys;
using Gateway.Host.Members;
using Gateway.Ledger;

namespace Gateway.Host.OpenAi;

/// <summary><c>GET /v1/balance</c>: the buckets of the key's account, and where the key stands with its budget and its member with the allowance.</summary>
internal static class BalanceEndpoint
{
    public static async Task ReadAsync(HttpContext http, KeySnapshot key)
    {
        var ledger = http.RequestServices.GetRequiredService<ILedger>();
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        var balance = await ledger.BalanceAsync(key.Account, http.RequestAborted);
        var budget = await ledger.BudgetAsync(key.Account, key.Limits, http.RequestAborted);
        var member = await http.RequestServices.GetRequiredService<MemberDirectory>().LimitsOfAsync(key, http.RequestAborted);
        var allowance = member is null ? null : await ledger.AllowanceAsync(key.Account, member, http.RequestAborted);
        await JsonAnswer.WriteAsync(http, json =>
        {
            json.WriteString("account", balance.Account);
            json.WriteStartArray("buckets");
            foreach (var bucket in balance.Buckets)
                Write(json, bucket, time.GetUtcNow());
            json.WriteEndArray();
            if (budget is not null)
                Write(json, budget);
            if (allowance is not null)
                Write(json, allowance);
        });
    }

    private static void Write(Utf8JsonWriter json, BucketBalance bucket, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteString("id", bucket.Id);
        json.WriteString("kind", bucket.Kind.ToString().ToLowerInvariant());
        if (bucket.Kind == BucketKind.Pack)
        {
            json.WriteString("provider", bucket.Provider);
            json.WriteString("model", bucket.Model);
        }

        json.WriteString("currency", bucket.Currency);
        json.WriteNumber("available", bucket.Available.ToDecimal());
        json.WriteNumber("held", bucket.Held.ToDecimal());
        json.WriteNumber("posted", bucket.Posted.ToDecimal());
        json.WriteNumber("credited", bucket.Credited.ToDecimal());
        json.WriteNumber("spent", bucket.Spent.ToDecimal());
        json.WriteString("status", bucket.ExpiresAt <= now ? "EXPIRED" : bucket.Posted > Credits.Zero ? "ACTIVE" : "EXHAUSTED");
        if (bucket.ExpiresAt is { } expiresAt)
            json.WriteString("expiresAt", expiresAt);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, BudgetState budget)
    {
        json.WriteStartObject("budget");
        json.WriteNumber("amount", budget.Budget.Amount.ToDecimal());
        json.WriteString("period", budget.Budget.Period.ToString().ToLowerInvariant());
        json.WriteNumber("spent", budget.Spent.ToDecimal());
        if (budget.ResetsAt is { } resetsAt)
            json.WriteString("resetsAt", resetsAt);
        else
            json.WriteNull("resetsAt");
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AllowanceState allowance)
    {
        json.WriteStartObject("allowance");
        json.WriteNumber("amount", allowance.Allowance.ToDecimal());
        json.WriteNumber("spent", allowance.Spent.ToDecimal());
        json.WriteString("resetsAt", allowance.ResetsAt);
        json.WriteEndObject();
    }
}
