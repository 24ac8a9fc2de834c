using System.Text;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>One of 256 shards: everything of an account lies in one slot of a cluster, because all of its keys carry the shard's hash tag.</summary>
internal readonly struct RedisShard
{
    public const int Count = 256;

    private static readonly string[] Prefixes = [.. Enumerable.Range(0, Count).Select(static number => $"{{s{number:D3}}}:")];

    private readonly string prefix;

    private RedisShard(int number)
    {
        Number = number;
        prefix = Prefixes[number];
    }

    public static IReadOnlyList<RedisShard> All { get; } = [.. Enumerable.Range(0, Count).Select(static number => new RedisShard(number))];

    public int Number { get; }

    /// <summary><c>epoch:life</c>.</summary>
    public RedisKey Epoch => prefix + "e";

    /// <summary>Sorted set: calls in flight by the end of their lease.</summary>
    public RedisKey Leases => prefix + "leases";

    /// <summary>Stream: settlements that are not known to be in the book.</summary>
    public RedisKey Settlements => prefix + "settle";

    /// <summary>What the key of every <see cref="Hold"/> begins with.</summary>
    public string Holds => prefix + "h:";

    /// <summary>The shard of an account: FNV-1a, the same in every process and version.</summary>
    public static RedisShard Of(string account)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Math.Min(account.Length, 128))];
        var length = Encoding.UTF8.GetBytes(account.AsSpan(0, Math.Min(account.Length, 128)), bytes);
        var hash = 2166136261u;
        foreach (var value in bytes[..length])
            hash = unchecked((hash ^ value) * 16777619u);
        return new RedisShard((int)((hash ^ (hash >> 16)) % Count));
    }

    public RedisKey Account(string account) => prefix + "a:" + account;

    public RedisKey Key(string keyId) => prefix + "k:" + keyId;

    /// <summary>The member's hash; nobody's is named and never used.</summary>
    public RedisKey Member(string? memberId) => prefix + "m:" + memberId;

    public RedisKey Hold(ReceiptId receipt) => Holds + receipt;
}
