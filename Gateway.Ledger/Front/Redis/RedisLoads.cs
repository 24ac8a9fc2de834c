using System.Collections.Concurrent;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>Who is charged by a call: what a script may ask to be loaded.</summary>
internal readonly record struct Owner(string Account, string? KeyId, string? MemberId)
{
    public Owner(HoldRequest request)
        : this(request.Account, request.Key.KeyId, request.Member?.MemberId)
    {
    }
}

/// <summary>Loads accounts, keys and members from the book into Redis; callers of this gateway that miss the same one load it together.</summary>
internal sealed class RedisLoads(IBook book)
{
    private readonly ConcurrentDictionary<RedisKey, Lazy<Task>> running = new();

    /// <summary>Runs a script.</summary>
    internal delegate Task<RedisAnswer> Call(RedisScript script, RedisKey[] keys, RedisValue[] arguments);

    /// <summary>Loads what the answer names.</summary>
    public async Task RunAsync(RedisAnswer reload, Owner owner, long epoch, Call call, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(owner.Account);
        var what = reload.Count > 1 ? reload.Text(1) : "account";
        if (what.Length == 0)
            what = owner.KeyId is null ? "member" : "key";
        await (what switch
        {
            "account" => OnceAsync(shard.Account(owner.Account), () => LoadAccountAsync(shard, owner.Account, epoch, call), cancellationToken),
            "key" => OnceAsync(shard.Key(owner.KeyId!), () => LoadKeyAsync(shard, owner.KeyId!, Day(reload), epoch, call), cancellationToken),
            _ => OnceAsync(shard.Member(owner.MemberId), () => LoadMemberAsync(shard, owner.MemberId!, Day(reload), epoch, call), cancellationToken),
        });
    }

    private static DateOnly Day(RedisAnswer reload) => RedisTime.ReadDay(reload.Number(2));

    private async Task OnceAsync(RedisKey key, Func<Task> load, CancellationToken cancellationToken)
    {
        var slot = running.GetOrAdd(key, static (_, start) => new Lazy<Task>(start), load);
        try
        {
            await slot.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            running.TryRemove(KeyValuePair.Create(key, slot));
        }
    }

    private async Task LoadAccountAsync(RedisShard shard, string account, long epoch, Call call)
    {
        var loaded = await book.LoadAccountAsync(account, CancellationToken.None);
        var arguments = new List<RedisValue>(1 + (8 * loaded.Buckets.Count)) { epoch };
        foreach (var (order, bucket) in loaded.Buckets.Select(static bucket => (RedisTerms.SortKey(bucket), bucket)).OrderBy(static pair => pair.Item1, StringComparer.Ordinal))
        {
            arguments.AddRange(
            [
                bucket.Id, RedisTerms.Class(bucket), order, RedisTerms.Expiry(bucket), bucket.Credited.Nano, bucket.Spent.Nano, bucket.CreditVersion,
                RedisTerms.Json(bucket),
            ]);
        }

        await call(RedisScript.LoadAccount, [shard.Epoch, shard.Account(account)], [.. arguments]);
    }

    private async Task LoadKeyAsync(RedisShard shard, string keyId, DateOnly day, long epoch, Call call) =>
        await StoreAsync(shard.Epoch, shard.Key(keyId), await book.KeySpendingAsync(keyId, day), day, epoch, call);

    private async Task LoadMemberAsync(RedisShard shard, string memberId, DateOnly day, long epoch, Call call) =>
        await StoreAsync(shard.Epoch, shard.Member(memberId), await book.MemberSpendingAsync(memberId, day), day, epoch, call);

    private static async Task StoreAsync(RedisKey mark, RedisKey spender, Spending loaded, DateOnly day, long epoch, Call call) =>
        await call(
            RedisScript.LoadSpending,
            [mark, spender],
            [
                epoch, RedisTime.Day(day), loaded.Spent(BudgetPeriod.Day).Nano, loaded.Spent(BudgetPeriod.Week).Nano,
                loaded.Spent(BudgetPeriod.Month).Nano, loaded.Spent(BudgetPeriod.Total).Nano,
            ]);
}
