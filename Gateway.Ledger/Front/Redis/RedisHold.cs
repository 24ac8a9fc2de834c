using System.Diagnostics;
using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Spool;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>What <c>hold.lua</c> and <c>rehold.lua</c> are asked, and what their answers mean.</summary>
internal static class RedisHold
{
    private const int None = -1;

    public static (RedisKey[] Keys, RedisValue[] Arguments) Ask(
        RedisShard shard, HoldRequest request, in KeyRates rates, RedisValue epoch, RedisValue now, RedisValue lease, string gateway)
    {
        var key = request.Key;
        var (amount, least) = Amounts(request);
        var (pack, route) = RedisTerms.Classes(request);
        return (
            [.. Owners(shard, request), shard.Hold(request.ReceiptId), shard.Leases],
            [
                epoch, request.ReceiptId.ToString(), now, lease, gateway, amount, least, pack, route,
                RedisTime.Micros(rates.Requests?.Ticks(1) ?? 0), Tolerance(rates.Requests),
                RedisTime.Micros(rates.Tokens?.Ticks(rates.TokensCharged) ?? 0), Tolerance(rates.Tokens),
                rates.TokensCharged, Limit(key),
                key.MaxConcurrency ?? None, key.Budget?.Amount.Nano ?? None, (int)(key.Budget?.Period ?? BudgetPeriod.Total), Allowance(request),
                key.KeyId, request.Member?.MemberId ?? "", request.Account, IntentPayload.Write(request),
            ]);
    }

    public static (RedisKey[] Keys, RedisValue[] Arguments) AskAgain(RedisShard shard, HoldRequest request, RedisValue epoch, RedisValue now)
    {
        var budget = request.Key.Budget;
        var (amount, least) = Amounts(request);
        var (pack, route) = RedisTerms.Classes(request);
        return (
            [.. Owners(shard, request), shard.Hold(request.ReceiptId)],
            [
                epoch, now, amount, least, pack, route, budget?.Amount.Nano ?? None, (int)(budget?.Period ?? BudgetPeriod.Total), Allowance(request),
                IntentPayload.Write(request),
            ]);
    }

    /// <summary>The epoch, and whom a call of this request charges.</summary>
    public static RedisKey[] Owners(RedisShard shard, HoldRequest request) =>
        [shard.Epoch, shard.Account(request.Account), shard.Key(request.Key.KeyId), shard.Member(request.Member?.MemberId)];

    public static RedisValue Limit(KeyLimits key) => key.TokensPerMinute is { } limit ? Math.Max(limit, 1) : "";

    public static byte[] Checkpoint(Credits cost, in Usage delivered)
    {
        var payload = new byte[CheckpointPayload.Bytes];
        CheckpointPayload.Write(payload, cost, delivered);
        return payload;
    }

    public static HoldResult Read(RedisAnswer answer, HoldRequest request, in KeyRates rates)
    {
        switch (answer.Word)
        {
            case "held":
                var at = answer.Number(3);
                return new HoldResult.Held(new Hold(
                    request, answer.Amount(1), answer.Split(2), State(rates, answer.Number(4), answer.Number(5), at), RedisTime.Instant(at)));
            case "over":
                throw new InvalidOperationException($"The call {request.ReceiptId} is over; its id cannot hold again.");
            case "rate":
                return new HoldResult.RateLimited(
                    answer.Text(1) is "t", RedisTime.Span(answer.Number(2)), State(rates, answer.Number(4), answer.Number(5), answer.Number(3)));
            case "open":
                return new HoldResult.ConcurrencyLimited(request.Key.MaxConcurrency ?? 0);
            default:
                return Refused(answer, request);
        }
    }

    public static HoldResult ReadAgain(RedisAnswer answer, Hold old, HoldRequest request) => answer.Word switch
    {
        "held" => new HoldResult.Held(new Hold(request, answer.Amount(1), answer.Split(2), old.Rates, old.HeldAt)),
        "gone" => new HoldResult.Unavailable(UnavailableReason.Front),
        _ => Refused(answer, request),
    };

    private static HoldResult Refused(RedisAnswer answer, HoldRequest request)
    {
        switch (answer.Word)
        {
            case "budget" when request.Key.Budget is { } budget:
                return new HoldResult.OverBudget(budget, answer.Amount(1), BudgetPeriods.End(budget.Period, RedisTime.ReadDay(answer.Number(2))));
            case "allowance" when request.Member?.Allowance is { } allowance:
                return new HoldResult.OverAllowance(allowance, answer.Amount(1), BudgetPeriods.MonthEnd(RedisTime.ReadDay(answer.Number(2))));
            case "reserved":
                return new HoldResult.Reserved(answer.Amount(1), answer.Amount(2));
            case "insufficient":
                return new HoldResult.Insufficient(answer.Amount(1));
            default:
                throw new UnreachableException($"A hold was answered by {answer.Word}.");
        }
    }

    // A call that costs something holds something, whatever minimum was asked for.
    private static (long Amount, long Least) Amounts(HoldRequest request)
    {
        var amount = Math.Max(0, request.Amount.Nano);
        return (amount, amount == 0 ? 0 : Math.Clamp(request.MinimumAmount.Nano, 1, amount));
    }

    private static long Allowance(HoldRequest request) => request.Member?.Allowance?.Nano ?? None;

    // Zero is no limit to the script, so a limit is a microsecond at least.
    private static long Tolerance(Gcra? rate) => rate is { } limit ? Math.Max(1, RedisTime.Micros(limit.Tolerance)) : 0;

    private static RateState State(in KeyRates rates, long requests, long tokens, long now) =>
        rates.State(requests * TimeSpan.TicksPerMicrosecond, tokens * TimeSpan.TicksPerMicrosecond, now * TimeSpan.TicksPerMicrosecond);
}
