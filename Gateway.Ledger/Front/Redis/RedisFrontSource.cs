using System.Runtime.CompilerServices;
using Gateway.Ledger.Proof;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>Reads the front in Redis for proofs: short scripts that write nothing, one shard or some hundred keys at a time, standalone or cluster.</summary>
internal sealed class RedisFrontSource(RedisServers servers) : IFrontSource
{
    private const int KeysAtOnce = 500;
    private const int AccountsAtOnce = 100;
    private const int ShardsAtOnce = 8;

    // A script that reads so many holds and settlements takes some ten milliseconds; a shard of a front at work has a hundredth of it.
    private const int MostInFlight = 5_000;

    /// <inheritdoc/>
    public async IAsyncEnumerable<FrontPart> AccountsAsync(long epoch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var shard in await ServersAsync())
        {
            var cursor = "0";
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                var answer = await CallAsync(RedisScript.ProofScan, [shard.Epoch], [epoch, cursor, KeysAtOnce], epoch);
                cursor = answer.Text(1);
                yield return new FrontPart(Texts(answer.List(2)), Unleased(Texts(answer.List(3))));
            }
            while (cursor is not "0");
        }
    }

    /// <inheritdoc/>
    public async Task<FrontReading> ReadAsync(long epoch, IReadOnlyCollection<string> accounts, CancellationToken cancellationToken)
    {
        var buckets = new List<FrontBucket>();
        var waiting = new List<WaitingCharge>();
        var differences = new List<string>();
        var parts = accounts.GroupBy(static account => RedisShard.Of(account).Number).SelectMany(static shard => shard.Chunk(AccountsAtOnce));
        foreach (var some in parts.Chunk(ShardsAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var answer in await Task.WhenAll(some.Select(part => ReadShardAsync(epoch, part))))
                Add(answer, buckets, waiting, differences);
        }

        return new FrontReading(buckets, waiting, differences);
    }

    private async Task<RedisAnswer> ReadShardAsync(long epoch, string[] accounts)
    {
        var shard = RedisShard.Of(accounts[0]);
        var answer = await CallAsync(
            RedisScript.Proof,
            [shard.Epoch, shard.Leases, shard.Settlements, .. accounts.Select(shard.Account)],
            [epoch, MostInFlight, shard.Holds, .. accounts.Select(static account => (RedisValue)account)],
            epoch);
        return answer.Word is "many"
            ? throw new FrontUnavailableException(
                $"{shard.Leases} has {answer.Number(1)} calls in flight and {shard.Settlements} {answer.Number(2)} settlements; up to {MostInFlight} are looked at in one step.")
            : answer;
    }

    private static void Add(RedisAnswer answer, List<FrontBucket> buckets, List<WaitingCharge> waiting, List<string> differences)
    {
        const int FieldsPerBucket = 6;
        const int FieldsPerCharge = 4;
        var found = Texts(answer.List(1));
        for (var i = 0; i < found.Length; i += FieldsPerBucket)
        {
            var live = long.Parse(found[i + 5]);
            if (long.TryParse(found[i + 2], out var credited) && long.TryParse(found[i + 3], out var spent) && long.TryParse(found[i + 4], out var held))
                buckets.Add(new FrontBucket(found[i], found[i + 1], credited - spent, held, live, Unrecorded: 0));
            else
                differences.Add($"L1: bucket {found[i + 1]} of {found[i]} has no amounts in the front: credited '{found[i + 2]}', spent '{found[i + 3]}', held '{found[i + 4]}'");
        }

        var charges = Texts(answer.List(2));
        for (var i = 0; i < charges.Length; i += FieldsPerCharge)
        {
            if (ReceiptId.TryParse(charges[i], out var receipt))
                waiting.Add(new WaitingCharge(receipt, charges[i + 1], charges[i + 2], long.Parse(charges[i + 3])));
            else
                differences.Add($"L4: {charges[i]} waits for the book and is no receipt");
        }

        foreach (var receipt in Texts(answer.List(3)))
            differences.Add($"L3: the call {receipt} has a lease in the front and no live hold");
    }

    private static string[] Unleased(string[] calls)
    {
        var found = new string[calls.Length / 2];
        for (var i = 0; i < found.Length; i++)
            found[i] = $"L3: the call {calls[(2 * i) + 1]} of {calls[2 * i]} is live in the front and has no lease";
        return found;
    }

    // A shard of each server: a step through the keys runs where its key is.
    private async Task<IReadOnlyList<RedisShard>> ServersAsync()
    {
        var shards = new Dictionary<string, RedisShard>(StringComparer.Ordinal);
        foreach (var shard in RedisShard.All)
        {
            var server = await servers.AwaitAsync(servers.Database.IdentifyEndpointAsync(shard.Epoch, CommandFlags.DemandMaster));
            shards.TryAdd(server?.ToString() ?? "", shard);
        }

        return [.. shards.Values];
    }

    private async Task<RedisAnswer> CallAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments, long epoch)
    {
        for (var n = 1; ; n++)
        {
            try
            {
                var answer = new RedisAnswer(await servers.AwaitAsync(
                    servers.Database.ScriptEvaluateAsync(script.Text, keys, arguments, CommandFlags.DemandMaster)));
                return answer.Word is "epoch" ? throw new FrontUnavailableException($"Redis is not in epoch {epoch}.") : answer;
            }
            catch (RedisServerException exception) when (n == 1 && exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                // The server forgot what the client believed it had; the client knows now.
            }
            catch (RedisServerException exception)
            {
                throw new FrontUnavailableException($"Redis cannot be read: {exception.Message}", exception);
            }
        }
    }

    private static string[] Texts(RedisResult[] values) => Array.ConvertAll(values, static value => (string)value);
}
