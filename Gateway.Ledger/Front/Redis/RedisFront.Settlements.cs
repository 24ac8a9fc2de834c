using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Spool;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>How calls end: by their gateway, by the reaper, late, or given back.</summary>
internal sealed partial class RedisFront
{
    // How many expired holds of a shard one sweep ends; the next sweep goes on.
    private const int ReapedPerShard = 100;

    // The largest amount that a double keeps exactly: no cost that is real comes near.
    private const long MaxCost = (1L << 53) - 1;

    private static readonly long TombstoneMs = (long)Tombstones.Lifetime.TotalMilliseconds;

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement> SettleAsync(
        Hold hold, Credits cost, bool mayOverrun, long tokens, SettledCall? planned, CancellationToken cancellationToken)
    {
        var request = hold.Request;
        var answer = await SettleAsync(
            RedisHold.Owners(RedisShard.Of(request.Account), request),
            request.Account,
            hold.ReceiptId,
            cost,
            mayOverrun,
            tokens,
            planned is null ? "" : Payload(planned, request.Facts.Streamed));
        return Read(answer)
            ?? throw new InvalidOperationException($"Redis has no call {hold.ReceiptId}: it was held in another epoch and not registered again.");
    }

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement?> SettleAgainAsync(SettledCall call, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(call.Account);
        var member = await servers.AwaitAsync(servers.Database.HashGetAsync(shard.Hold(call.ReceiptId), "mem", CommandFlags.DemandMaster));
        var answer = await SettleAsync(
            [shard.Epoch, shard.Account(call.Account), shard.Key(call.KeyId), shard.Member(member)],
            call.Account,
            call.ReceiptId,
            call.Cost + call.Shortfall,
            call.Outcome is Outcome.Complete or Outcome.Overrun,
            tokens: "",
            Payload(call, streamed: false));
        return Read(answer);
    }

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement> ChargeLateAsync(SettledCall call, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(call.Account);
        var member = ReceiptDocument.MemberId(call.Receipt.Span);
        RedisKey[] keys =
        [
            shard.Epoch, shard.Account(call.Account), shard.Key(call.KeyId), shard.Member(member), shard.Hold(call.ReceiptId), shard.Settlements,
        ];
        RedisValue[] arguments =
        [
            Epoch, call.ReceiptId.ToString(), Math.Clamp((call.Cost + call.Shortfall).Nano, 0, MaxCost), RedisTime.Day(call.OccurredAt),
            RedisTime.Micros(call.OccurredAt), gateway, Payload(call, streamed: false), call.Account, call.KeyId, member ?? "",
            RedisTime.Day(time.GetUtcNow()), .. call.PaidBy.Select(static share => (RedisValue)share.Bucket),
        ];
        var answer = await LoadingAsync(RedisScript.Late, keys, arguments, new Owner(call.Account, call.KeyId, member), cancellationToken);
        if (answer.Word is "live" && await SettleAgainAsync(call, cancellationToken) is { } settled)
            return settled;
        return Read(answer) ?? throw new FrontUnavailableException($"The call {call.ReceiptId} changed while it was charged late.");
    }

    /// <inheritdoc/>
    public async ValueTask RefundAsync(Hold hold, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(hold.Request.Account);
        await CallAsync(RedisScript.Refund, [.. RedisHold.Owners(shard, hold.Request), shard.Hold(hold.ReceiptId)], [Epoch]);
    }

    /// <inheritdoc/>
    public async ValueTask ForgiveAsync(
        string account, string keyId, string? memberId, DateOnly admitted, Credits amount, CancellationToken cancellationToken)
    {
        var shard = RedisShard.Of(account);
        await CallAsync(
            RedisScript.Forgive,
            [shard.Epoch, shard.Key(keyId), shard.Member(memberId)],
            [Epoch, RedisTime.Day(admitted), amount.Nano, memberId ?? ""]);
    }

    /// <summary>Ends expired holds, at most 100 a shard. Returns none: their record is the stream, from where <see cref="ClaimAsync"/> takes them.</summary>
    public async ValueTask<IReadOnlyList<(Hold Hold, FrontSettlement Settlement)>> ReapAsync(CancellationToken cancellationToken)
    {
        var now = leases.Now;
        await Task.WhenAll(RedisShard.All.Where(shard => leases.IsDue(shard, now)).Select(shard => SweepAsync(shard, now)));
        return [];
    }

    private async Task SweepAsync(RedisShard shard, long now)
    {
        const int First = 2;
        var expired = await CallAsync(RedisScript.Expired, [shard.Epoch, shard.Leases], [Epoch, Now, ReapedPerShard]);
        for (var i = First; i < expired.Count; i++)
            await ReapAsync(shard, expired.Text(i));
        leases.Asked(shard, now, expired.Text(1) is { Length: > 0 } ? RedisTime.Span(expired.Number(1)) : null);
    }

    private async Task ReapAsync(RedisShard shard, string receipt)
    {
        if (!ReceiptId.TryParse(receipt, out var id))
            throw new InvalidDataException($"{receipt} is no receipt: {shard.Leases} was written by something else.");

        var hold = shard.Hold(id);
        var of = await servers.AwaitAsync(servers.Database.HashGetAsync(hold, ["ac", "key", "mem"], CommandFlags.DemandMaster));
        var answer = await CallAsync(
            RedisScript.Reap,
            [shard.Epoch, shard.Account(of[0]), shard.Key(of[1]), shard.Member(of[2]), hold, shard.Leases, shard.Settlements],
            [Epoch, receipt, Now]);
        if (answer.Word is "reaped")
            claims.Reaped();
    }

    private Task<RedisAnswer> SettleAsync(
        RedisKey[] owners, string account, ReceiptId id, Credits cost, bool mayOverrun, RedisValue tokens, RedisValue payload)
    {
        var shard = RedisShard.Of(account);
        return CallAsync(
            RedisScript.Settle,
            [.. owners, shard.Hold(id), shard.Leases, shard.Settlements],
            [Epoch, id.ToString(), Math.Clamp(cost.Nano, 0, MaxCost), mayOverrun ? 1 : 0, tokens, gateway, payload, TombstoneMs]);
    }

    private static FrontSettlement? Read(RedisAnswer answer) =>
        answer.Word is "ok" or "over" ? new FrontSettlement(answer.Amount(1), answer.Amount(2), answer.Split(3), answer.Amount(4)) : null;

    private static byte[] Payload(SettledCall call, bool streamed)
    {
        var payload = new byte[SettlePayload.MaxBytes(call)];
        return payload[..SettlePayload.Write(payload, call, streamed)];
    }
}
