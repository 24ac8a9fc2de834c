using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>The front in Redis: every gateway's holds and settlements are one script, one round trip, in the account's shard.</summary>
/// <remarks>
/// No operation is cancelled by its caller's token: a script that was sent may run, and a hold that nobody remembers would stay until its lease ends.
/// Each waits for a second at most.
/// </remarks>
/// <param name="servers">The connection.</param>
/// <param name="book">Where accounts and keys are loaded from at their first call in an epoch.</param>
/// <param name="gateway">This gateway's id: whose settlements are whose.</param>
/// <param name="lease">How long a hold lives without renewal.</param>
/// <param name="clock">A test's clock; <c>null</c>: the server's.</param>
internal sealed partial class RedisFront(RedisServers servers, IBook book, string gateway, TimeSpan lease, TimeProvider? clock) : ISharedFront
{
    // An account, its key, its member.
    private const int MaxLoads = 3;

    private readonly RedisLoads loads = new(book);
    private readonly TimeProvider time = clock ?? TimeProvider.System;
    private readonly LeaseRounds leases = new(clock ?? TimeProvider.System, lease);
    private readonly ClaimRounds claims = new(clock ?? TimeProvider.System);
    private long epoch;
    private bool suspended;

    // Empty: the script asks the server.
    private RedisValue Now => clock is null ? "" : RedisTime.Micros(clock.GetUtcNow());

    private RedisValue Lease => RedisTime.Micros(lease.Ticks);

    private RedisValue Epoch => Interlocked.Read(ref epoch);

    /// <inheritdoc/>
    public async ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        var rates = new KeyRates(request.Key, Math.Max(0, request.Tokens));
        var (keys, arguments) = RedisHold.Ask(RedisShard.Of(request.Account), request, rates, Epoch, Now, Lease, gateway);
        RedisAnswer answer;
        try
        {
            answer = await LoadingAsync(RedisScript.Hold, keys, arguments, new Owner(request), cancellationToken);
        }
        catch (Exception exception) when (exception is not FrontUnavailableException && BookFailure.Is(exception))
        {
            return new HoldResult.Unavailable(UnavailableReason.Book);
        }

        return RedisHold.Read(answer, request, rates);
    }

    /// <inheritdoc/>
    public async ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(request.Account);
        var (keys, arguments) = RedisHold.AskAgain(shard, request, Epoch, Now);
        var answer = await CallAsync(RedisScript.Rehold, keys, arguments);
        return RedisHold.ReadAgain(answer, hold, request);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RenewAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(hold.Request.Account);
        var answer = await CallAsync(
            RedisScript.Renew,
            [shard.Epoch, shard.Hold(hold.ReceiptId), shard.Leases],
            [Epoch, hold.ReceiptId.ToString(), Now, Lease, checkpoint.Nano, RedisHold.Checkpoint(checkpoint, delivered)]);
        return answer.Word is "ok";
    }

    /// <inheritdoc/>
    public async ValueTask CreditAsync(string account, BucketBalance bucket, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(account);
        await LoadingAsync(
            RedisScript.Credit,
            [shard.Epoch, shard.Account(account)],
            [
                Epoch, bucket.Id, RedisTerms.Class(bucket), RedisTerms.SortKey(bucket), RedisTerms.Expiry(bucket), bucket.Credited.Nano, bucket.Spent.Nano,
                bucket.CreditVersion, RedisTerms.Json(bucket),
            ],
            new Owner(account, null, null),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken)
    {
        const int FieldsPerBucket = 4;
        var shard = RedisShard.Of(account);
        var answer = await LoadingAsync(
            RedisScript.Balance, [shard.Epoch, shard.Account(account)], [Epoch], new Owner(account, null, null), cancellationToken);
        var buckets = new BucketBalance[answer.Count / FieldsPerBucket];
        for (var i = 0; i < buckets.Length; i++)
        {
            var at = 1 + (i * FieldsPerBucket);
            var spent = answer.Amount(at + 2);
            buckets[i] = RedisTerms.Read(answer.Bytes(at)) with { Credited = answer.Amount(at + 1) + spent, Spent = spent, Held = answer.Amount(at + 3) };
        }

        return new AccountBalance(account, buckets);
    }

    /// <inheritdoc/>
    public async ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken)
    {
        if (key.Budget is not { } budget)
            return null;

        var shard = RedisShard.Of(account);
        var (day, spent, held) = await SpentAsync(shard.Epoch, shard.Key(key.KeyId), budget.Period, new Owner(account, key.KeyId, null), cancellationToken);
        return new BudgetState(budget, spent, held, BudgetPeriods.End(budget.Period, day));
    }

    /// <inheritdoc/>
    public async ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken)
    {
        if (member.Allowance is not { } allowance)
            return null;

        var shard = RedisShard.Of(account);
        var (day, spent, held) = await SpentAsync(
            shard.Epoch, shard.Member(member.MemberId), BudgetPeriod.Month, new Owner(account, null, member.MemberId), cancellationToken);
        return new AllowanceState(allowance, spent, held, BudgetPeriods.MonthEnd(day));
    }

    private async Task<(DateOnly Day, Credits Spent, Credits Held)> SpentAsync(
        RedisKey mark, RedisKey spender, BudgetPeriod period, Owner owner, CancellationToken cancellationToken)
    {
        var answer = await LoadingAsync(RedisScript.Spent, [mark, spender], [Epoch, Now, (int)period], owner, cancellationToken);
        return (RedisTime.ReadDay(answer.Number(1)), answer.Amount(2), answer.Amount(3));
    }

    // Calls, and loads from the book what the script says is missing.
    private async Task<RedisAnswer> LoadingAsync(
        RedisScript script, RedisKey[] keys, RedisValue[] arguments, Owner owner, CancellationToken cancellationToken)
    {
        for (var round = 0; ; round++)
        {
            var answer = await CallAsync(script, keys, arguments);
            if (answer.Word is not "reload")
                return answer;
            if (round == MaxLoads)
                throw new FrontUnavailableException($"Redis does not keep what is loaded of {owner.Account}.");

            await loads.RunAsync(answer, owner, (long)Epoch, CallAsync, cancellationToken);
        }
    }

    // A script cache that is empty may be a server that was restarted with less than it had: nothing is loaded before a probe has told its life.
    private async Task<RedisAnswer> CallAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments)
    {
        if (Volatile.Read(ref suspended))
            throw new FrontUnavailableException("Redis may have been restarted; its life is being looked at.");

        RedisResult result;
        try
        {
            result = await servers.AwaitAsync(servers.Database.ScriptEvaluateAsync(script.Sha, keys, arguments, CommandFlags.DemandMaster));
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            Volatile.Write(ref suspended, true);
            throw new FrontUnavailableException("Redis does not have the scripts of its epoch.", exception);
        }

        var answer = new RedisAnswer(result);
        return answer.Word is "epoch" ? throw new FrontUnavailableException($"Redis is not in epoch {Epoch}.") : answer;
    }
}
