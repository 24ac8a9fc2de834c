using System.Text.Json;
using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Spool;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Compares the state after an operation with the rows that were read, and writes the difference and the commit in one round trip.</summary>
internal static class RowChanges
{
    private static readonly string SaveAccount = EmbeddedText.Read("Front/Rows/account_save.sql");
    private static readonly string SaveKey = EmbeddedText.Read("Front/Rows/key_save.sql");
    private static readonly string SaveMember = EmbeddedText.Read("Front/Rows/member_save.sql");
    private static readonly string InsertHold = EmbeddedText.Read("Front/Rows/hold_insert.sql");
    private static readonly string RenewHold = EmbeddedText.Read("Front/Rows/hold_renew.sql");
    private static readonly string ReholdHold = EmbeddedText.Read("Front/Rows/hold_rehold.sql");
    private static readonly string EndHold = EmbeddedText.Read("Front/Rows/hold_end.sql");
    private static readonly string RefundHold = EmbeddedText.Read("Front/Rows/hold_refund.sql");
    private static readonly string EndLate = EmbeddedText.Read("Front/Rows/hold_late.sql");

    /// <summary>Writes account, key, member, hold, in this order, and commits.</summary>
    public static async Task SaveAsync(NpgsqlConnection connection, AccountRows rows, string gateway, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        var buckets = rows.State.StoredBuckets();
        if (!buckets.SequenceEqual(rows.BucketsRead))
            batch.BatchCommands.Add(Account(rows.Names.Account, buckets));
        if (rows.Key is { } key && KeyRow.Of(key) is var keyRow && keyRow != rows.KeyRead)
            batch.BatchCommands.Add(Key(rows.Names, keyRow));
        if (rows.Member?.ToStored() is { } member && member != rows.MemberRead)
            batch.BatchCommands.Add(Member(rows, member));
        if (rows.Names.Receipt is { } receipt && Hold(rows, receipt, gateway) is { } hold)
            batch.BatchCommands.Add(hold);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlBatchCommand Account(string account, BucketBalance[] buckets) => new(SaveAccount)
    {
        Parameters = { RowValue.Of("account", account), RowValue.Json("buckets", JsonSerializer.Serialize(buckets, RowJson.Default.BucketBalanceArray)) },
    };

    private static NpgsqlBatchCommand Key(RowNames names, KeyRow key)
    {
        var command = new NpgsqlBatchCommand(SaveKey)
        {
            Parameters =
            {
                RowValue.Of("account", names.Account),
                RowValue.Of("key", names.Key),
                RowValue.Of("open", key.Open),
                RowValue.Of("request_clock", key.RequestClock),
                RowValue.Of("token_clock", key.TokenClock),
            },
        };
        command.Parameters.AddRange(SpendingRow.Parameters(key.Spending));
        return command;
    }

    private static NpgsqlBatchCommand Member(AccountRows rows, SpendingCounters member)
    {
        var command = new NpgsqlBatchCommand(SaveMember)
        {
            Parameters = { RowValue.Of("account", rows.Names.Account), RowValue.Of("member", rows.Names.Member ?? rows.Hold?.Member) },
        };
        command.Parameters.AddRange(SpendingRow.Parameters(member));
        return command;
    }

    private static NpgsqlBatchCommand? Hold(AccountRows rows, ReceiptId receipt, string gateway)
    {
        var before = rows.Hold;
        if (rows.State.FindLive(receipt) is { } live)
        {
            if (before is null)
                return Insert(rows, live, gateway);
            if (live.Hold != rows.HoldRead)
                return Rehold(live);
            return live.LeaseEnds == before.LeaseEnds.UtcTicks && live.Checkpoint == before.Checkpoint ? null : Renew(rows, live, before);
        }

        if (rows.State.FindOver(receipt) is not { } over)
            return null;
        if (before is null)
            return End(EndLate, rows, receipt, over);
        if (before.Over is not { } first)
            return End(EndHold, rows, receipt, over);
        return over == first ? null : End(RefundHold, rows, receipt, over);
    }

    private static NpgsqlBatchCommand Insert(AccountRows rows, LiveHold live, string gateway) => new(InsertHold)
    {
        Parameters =
        {
            RowValue.Of("receipt", live.Hold.ReceiptId.Value),
            RowValue.Of("account", rows.Names.Account),
            RowValue.Of("epoch", rows.Epoch),
            RowValue.Of("gateway", gateway),
            RowValue.Of("key", live.Hold.Request.Key.KeyId),
            RowValue.Of("member", live.Hold.Request.Member?.MemberId),
            RowValue.Json("request", JsonSerializer.Serialize(live.Hold.Request, RowJson.Default.HoldRequest)),
            RowValue.Of("amount", live.Hold.Amount.Nano),
            RowValue.Json("split", JsonSerializer.Serialize([.. live.Hold.Split], RowJson.Default.BucketShareArray)),
            RowValue.Json("rates", JsonSerializer.Serialize(live.Hold.Rates, RowJson.Default.RateState)),
            RowValue.Of("held_at", live.Hold.HeldAt.UtcDateTime),
            RowValue.Of("admitted", live.Admitted),
            RowValue.Of("tokens", live.TokensCharged),
            RowValue.Of("lease_ends", new DateTime(live.LeaseEnds, DateTimeKind.Utc)),
            RowValue.Of("checkpoint", live.Checkpoint),
            Delivered(rows.Delivered),
        },
    };

    private static NpgsqlBatchCommand Rehold(LiveHold live) => new(ReholdHold)
    {
        Parameters =
        {
            RowValue.Of("receipt", live.Hold.ReceiptId.Value),
            RowValue.Json("request", JsonSerializer.Serialize(live.Hold.Request, RowJson.Default.HoldRequest)),
            RowValue.Of("amount", live.Hold.Amount.Nano),
            RowValue.Json("split", JsonSerializer.Serialize([.. live.Hold.Split], RowJson.Default.BucketShareArray)),
            RowValue.Json("rates", JsonSerializer.Serialize(live.Hold.Rates, RowJson.Default.RateState)),
            RowValue.Of("checkpoint", live.Checkpoint),
        },
    };

    // A checkpoint that is behind the known one does not take what was delivered back.
    private static NpgsqlBatchCommand Renew(AccountRows rows, LiveHold live, HoldRow before) => new(RenewHold)
    {
        Parameters =
        {
            RowValue.Of("receipt", live.Hold.ReceiptId.Value),
            RowValue.Of("lease_ends", new DateTime(live.LeaseEnds, DateTimeKind.Utc)),
            RowValue.Of("checkpoint", live.Checkpoint),
            Delivered(live.Checkpoint > before.Checkpoint ? rows.Delivered : null),
        },
    };

    private static NpgsqlBatchCommand End(string sql, AccountRows rows, ReceiptId receipt, in FrontSettlement over) => new(sql)
    {
        Parameters =
        {
            RowValue.Of("receipt", receipt.Value),
            RowValue.Of("account", rows.Names.Account),
            RowValue.Of("epoch", rows.Epoch),
            RowValue.Of("gateway", rows.Recorder),
            RowValue.Of("key", rows.Names.Key),
            RowValue.Of("held_at", (rows.OccurredAt ?? rows.At).UtcDateTime),
            RowValue.Of("admitted", BudgetPeriods.DayOf(rows.OccurredAt ?? rows.At)),
            RowValue.Of("charged", over.Charged.Nano),
            RowValue.Of("shortfall", over.Shortfall.Nano),
            RowValue.Json("paid_by", JsonSerializer.Serialize([.. over.PaidBy], RowJson.Default.BucketShareArray)),
            RowValue.Of("balance", over.Balance.Nano),
            RowValue.Of("settled", Payload(rows, over)),
            RowValue.Of("ended_at", rows.At.UtcDateTime),
        },
    };

    private static byte[]? Payload(AccountRows rows, in FrontSettlement over)
    {
        if (rows.Planned?.Invoke(over) is not { } call)
            return null;

        var payload = new byte[SettlePayload.MaxBytes(call)];
        return payload[..SettlePayload.Write(payload, call, rows.Names.Request?.Facts.Streamed ?? rows.Hold?.Request?.Facts.Streamed ?? false)];
    }

    private static NpgsqlParameter Delivered(Usage? usage) =>
        RowValue.Json("delivered", usage is { } delivered ? JsonSerializer.Serialize(delivered, RowJson.Default.Usage) : null);
}
