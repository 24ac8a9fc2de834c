using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>What several gateways need of a shared front: epochs, holds that outlive one, settlements that outlive their gateway.</summary>
internal sealed partial class RedisFront
{
    // Entries of gateways that are alive stand before those of the dead for as long as the book takes; further back is looked at later.
    private const int LookedAtPerShard = 1000;
    private const int ShardsAtOnce = 32;
    private const int AcknowledgedAtOnce = 200;
    private static readonly RedisKey[] EpochMarks = [.. RedisShard.All.Select(static shard => shard.Epoch)];

    /// <inheritdoc/>
    public async Task<FrontProbe> ProbeAsync(CancellationToken cancellationToken)
    {
        await CheckAsync();
        var life = await servers.LifeAsync();
        var marks = await servers.GetAsync(EpochMarks);
        var (found, openedBy) = Mark(marks);
        if (found is not { } running || running != Interlocked.Read(ref epoch))
            return new FrontProbe(life, found);

        if (!string.Equals(openedBy, life, StringComparison.Ordinal))
        {
            Volatile.Write(ref suspended, true);
        }
        else if (Volatile.Read(ref suspended))
        {
            // The same processes as at the opening: somebody emptied their script cache, and nothing else.
            await servers.LoadScriptsAsync();
            Volatile.Write(ref suspended, false);
        }

        return new FrontProbe(life, found);
    }

    /// <inheritdoc/>
    /// <exception cref="FrontUnavailableException">Redis is away, in a later epoch, or opened this one in another life: then a higher one is needed.</exception>
    public async Task OpenEpochAsync(long epoch, CancellationToken cancellationToken)
    {
        var life = await servers.LifeAsync();
        await servers.LoadScriptsAsync();
        var answers = await Task.WhenAll(RedisShard.All.Select(shard => servers.AwaitAsync(servers.Database.ScriptEvaluateAsync(
            RedisScript.Open.Sha, [shard.Epoch, shard.Leases], [epoch, life], CommandFlags.DemandMaster))));
        foreach (var answer in answers)
        {
            if (new RedisAnswer(answer).Word is var word and not "ok")
                throw new FrontUnavailableException(word is "life" ? $"Redis was restarted in epoch {epoch}." : $"Redis is beyond epoch {epoch}.");
        }

        if (epoch == Interlocked.Read(ref this.epoch))
            Volatile.Write(ref suspended, false);
    }

    /// <inheritdoc/>
    public void UseEpoch(long epoch)
    {
        if (Interlocked.Exchange(ref this.epoch, epoch) != epoch)
            Volatile.Write(ref suspended, false);
    }

    /// <inheritdoc/>
    public async Task RestoreAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken)
    {
        var request = hold.Request;
        var shard = RedisShard.Of(request.Account);
        var (pack, route) = RedisTerms.Classes(request);
        await LoadingAsync(
            RedisScript.Restore,
            [.. RedisHold.Owners(shard, request), shard.Hold(hold.ReceiptId), shard.Leases],
            [
                Epoch, hold.ReceiptId.ToString(), Now, Lease, gateway, RedisTerms.Split(hold.Split), RedisTime.Day(hold.HeldAt), RedisTime.Micros(hold.HeldAt),
                new KeyRates(request.Key, Math.Max(0, request.Tokens)).TokensCharged, RedisHold.Limit(request.Key), pack, route,
                checkpoint.Nano, RedisHold.Checkpoint(checkpoint, delivered), request.Account, request.Key.KeyId, request.Member?.MemberId ?? "",
                Spool.IntentPayload.Write(request),
            ],
            new Owner(request),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnrecordedCall>> ClaimAsync(IReadOnlySet<string>? liveGateways, int most, CancellationToken cancellationToken)
    {
        // What older epochs left in the stream is charged again once the new one is open: the scripts may not be there yet.
        if (liveGateways is null || !claims.IsDue(liveGateways))
            return [];

        claims.Begin();
        RedisValue[] arguments = [Epoch, most, LookedAtPerShard, gateway, .. liveGateways.Select(static id => (RedisValue)id)];
        var claimed = new List<UnrecordedCall>();
        foreach (var shards in RedisShard.All.Chunk(ShardsAtOnce))
        {
            var answers = await Task.WhenAll(
                shards.Select(shard => CallAsync(RedisScript.Claim, [shard.Epoch, shard.Settlements], arguments)));
            for (var i = 0; i < answers.Length; i++)
            {
                for (var at = 1; at < answers[i].Count && claimed.Count < most; at++)
                {
                    if (await CurrentAsync(shards[i], StreamEntry.Read(answers[i].List(at)), cancellationToken) is { } call)
                        claimed.Add(call);
                }
            }

            if (claimed.Count >= most)
                break;
        }

        if (claimed.Count == 0)
            claims.Clean(liveGateways);
        return claimed;
    }

    /// <inheritdoc/>
    public async Task AcknowledgeAsync(IReadOnlyList<(string Account, ReceiptId Id)> recorded, CancellationToken cancellationToken)
    {
        var calls = recorded.GroupBy(static call => RedisShard.Of(call.Account).Number).SelectMany(static shard => shard.Chunk(AcknowledgedAtOnce)).Select(chunk =>
        {
            var shard = RedisShard.Of(chunk[0].Account);
            RedisKey[] keys = [shard.Epoch, shard.Settlements, .. chunk.Select(call => shard.Hold(call.Id))];
            return CallAsync(RedisScript.Acknowledge, keys, [Epoch, TombstoneMs]);
        });
        await Task.WhenAll(calls);
    }

    // At the start a wrong setting ends the program; a server that answers only later must not end it under its clients.
    private async Task CheckAsync()
    {
        try
        {
            await servers.CheckAsync();
        }
        catch (FrontSettingException exception)
        {
            throw new FrontUnavailableException(exception.Message, exception);
        }
    }

    // A settlement of an older epoch is not in this one's balances. Either the book has it, and its entry was not dropped in time, or it is charged now.
    private async Task<UnrecordedCall?> CurrentAsync(RedisShard shard, StreamEntry entry, CancellationToken cancellationToken)
    {
        var claimed = entry.ToCall(time.GetUtcNow());
        if (entry.Epoch == Interlocked.Read(ref epoch))
            return claimed;

        if (await book.FindReceiptAsync(entry.Id, workspace: null, keyId: null, cancellationToken) is not null)
        {
            await CallAsync(RedisScript.Drop, [shard.Epoch, shard.Settlements], [Epoch, entry.StreamId]);
            return null;
        }

        var late = await ChargeLateAsync(claimed.Call, cancellationToken);
        return claimed with { Call = StreamEntry.Charged(claimed.Call, late.Charged, late.Shortfall, late.PaidBy) };
    }

    // null: some shard has none, or they differ.
    private static (long? Epoch, string Life) Mark(RedisValue[] marks)
    {
        var first = (string?)marks[0] ?? "";
        var colon = first.IndexOf(':', StringComparison.Ordinal);
        if (!Array.TrueForAll(marks, mark => mark == marks[0]) || !long.TryParse(first.AsSpan(0, Math.Max(colon, 0)), out var epoch))
            return (null, "");
        return (epoch, first[(colon + 1)..]);
    }
}
