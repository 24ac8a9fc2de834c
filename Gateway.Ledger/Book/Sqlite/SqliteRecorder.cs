using System.Diagnostics;
using Dapper;
using Gateway.Ledger.Proof;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>Records settlements, and gives charges back, on the writer's connection.</summary>
internal sealed class SqliteRecorder : IDisposable
{
    private static readonly string VoidReceipt = EmbeddedText.Read("Book/Sqlite/receipt_void.sql");

    private readonly SqliteConnection connection;
    private readonly PreparedStatement insertReceipt;
    private readonly PreparedStatement insertEntry;
    private readonly PreparedStatement moveBucket;
    private readonly DayTotals days;
    private readonly SqliteBlocks block;
    private readonly List<BucketRow> payers = [];
    private readonly List<BucketShare> split = [];

    public SqliteRecorder(SqliteConnection connection, SqliteBlocks block)
    {
        this.connection = connection;
        this.block = block;
        insertReceipt = new PreparedStatement(connection, EmbeddedText.Read("Book/Sqlite/receipt_insert.sql"));
        insertEntry = new PreparedStatement(connection, EmbeddedText.Read("Book/Sqlite/entry_insert.sql"));
        moveBucket = new PreparedStatement(connection, EmbeddedText.Read("Book/Sqlite/bucket_move.sql"));
        days = new DayTotals(connection);
        Balances = new RunningBalances(connection, insertEntry, moveBucket, block);
    }

    /// <summary>The buckets of the transaction in hand.</summary>
    public RunningBalances Balances { get; }

    /// <summary>Records what the book does not have yet; returns how many that were.</summary>
    public int Record(IReadOnlyList<SettledCall> batch)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        Begin(transaction);
        var recorded = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            if (Record(batch[i]))
                recorded++;
        }

        Balances.Write();
        days.Write();
        transaction.Commit();
        return recorded;
    }

    /// <summary>Reverses a recorded charge and what the house paid beside it; a second time, and for an unknown receipt, nothing happens.</summary>
    public void Void(ReceiptId id, DateTimeOffset at)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        Begin(transaction);
        if (connection.QueryFirstOrDefault<ChargeRow>(VoidReceipt, new { id = Key(id) }, transaction)?.ToCharge() is not { } charge)
            return;

        GiveBack(charge, [.. charge.PaidBy.Select(static share => (share.Bucket, share.Amount))], charge.Shortfall, "void", id.ToString(), at);
        transaction.Commit();
    }

    /// <summary>Begins a transaction's balances and totals.</summary>
    public void Begin(SqliteTransaction transaction)
    {
        Balances.Begin(transaction);
        days.Begin();
    }

    /// <summary>Moves the parts back into their buckets and what the house paid back to it, takes them out of the day's totals, and writes all.</summary>
    public void GiveBack(
        RecordedCharge charge, IReadOnlyList<(string Bucket, Credits Amount)> parts, Credits shortfall, string kind, string reference, DateTimeOffset at)
    {
        var amount = Credits.Zero;
        foreach (var part in parts)
        {
            if (part.Amount <= Credits.Zero)
                continue;
            var bucket = Balances.Find(charge.Account, part.Bucket) ?? throw new UnreachableException($"{reference} was paid by {part.Bucket}, which is not there.");
            Balances.Move(bucket, part.Amount.Nano, kind, reference, at);
            amount += part.Amount;
        }

        if (amount > Credits.Zero)
            Balances.Move(Balances.House(charge.Account, BucketRow.Revenue, charge.Currency, at), -amount.Nano, kind, reference, at);
        if (shortfall > Credits.Zero)
        {
            Balances.Move(Balances.House(charge.Account, BucketRow.Shortfall, charge.Currency, at), shortfall.Nano, kind, reference, at);
            Balances.Move(Balances.House(charge.Account, BucketRow.Revenue, charge.Currency, at), -shortfall.Nano, kind, reference, at);
        }

        days.Add(charge.KeyId, charge.MemberId, charge.OccurredAt, -amount.Nano);
        Balances.Write();
        days.Write();
    }

    public void Dispose()
    {
        insertReceipt.Dispose();
        insertEntry.Dispose();
        moveBucket.Dispose();
        days.Dispose();
    }

    private bool Record(SettledCall call)
    {
        var charged = Split(call);
        var shortfall = call.Shortfall + (call.Cost - charged);
        var currency = payers.Count > 0 ? payers[0].Currency : ReceiptDocument.Currency(call.Receipt.Span);
        if (!Insert(call, charged, shortfall, currency))
            return false;

        if (charged == Credits.Zero && shortfall == Credits.Zero)
            return true;

        var reference = call.ReceiptId.ToString();
        var revenue = Balances.House(call.Account, BucketRow.Revenue, currency, call.SettledAt);
        for (var i = 0; i < split.Count; i++)
            Balances.Move(payers[i], -split[i].Amount.Nano, "charge", reference, call.SettledAt);
        if (charged > Credits.Zero)
            Balances.Move(revenue, charged.Nano, "charge", reference, call.SettledAt);
        if (shortfall > Credits.Zero)
        {
            Balances.Move(Balances.House(call.Account, BucketRow.Shortfall, currency, call.SettledAt), -shortfall.Nano, "charge", reference, call.SettledAt);
            Balances.Move(revenue, shortfall.Nano, "charge", reference, call.SettledAt);
        }

        days.Add(call.KeyId, call.MemberId, call.OccurredAt, charged.Nano);
        return true;
    }

    // What each bucket really pays. It differs from the settlement's split only on a replay after a crash, when later calls have spent the bucket:
    // a balance never goes below zero, so the house pays the rest.
    // A split names a bucket once; a second share of it is not believed.
    private Credits Split(SettledCall call)
    {
        payers.Clear();
        split.Clear();
        var charged = Credits.Zero;
        for (var i = 0; i < call.PaidBy.Count; i++)
        {
            var share = call.PaidBy[i];
            if (Balances.Find(call.Account, share.Bucket) is not { IsCustomers: true } bucket || payers.Contains(bucket))
                continue;

            var pays = Credits.Min(Credits.Min(share.Amount, new Credits(bucket.Posted)), call.Cost - charged);
            if (pays <= Credits.Zero)
                continue;

            charged += pays;
            payers.Add(bucket);
            split.Add(pays == share.Amount ? share : share with { Amount = pays, BalanceAfter = new Credits(bucket.Posted) - pays });
        }

        return charged;
    }

    private bool Insert(SettledCall call, Credits charged, Credits shortfall, string currency)
    {
        Span<byte> key = stackalloc byte[16];
        call.ReceiptId.Value.TryWriteBytes(key, bigEndian: true, out _);
        var body = charged == call.Cost ? call.Receipt : ReceiptDocument.WithCost(call.Receipt.Span, charged, shortfall);
        var isNew = insertReceipt.BindBlob(key).Bind(call.Account).Bind(call.Workspace).Bind(call.KeyId).Bind(call.MemberId).Bind(call.RunId)
            .Bind(Micros.Of(call.OccurredAt)).Bind(Micros.Of(call.SettledAt)).Bind(LedgerNames.Of(call.Outcome))
            .Bind(charged.Nano).Bind(shortfall.Nano).Bind(currency).Bind(LedgerNames.Of(call.Delivery))
            .BindText(ReceiptDocument.PaidBy(split)).BindBlob(body.Span).Bind(block.Id)
            .Execute() == 1;
        if (isNew)
        {
            block.Add(new ReceiptLine(
                call.ReceiptId, call.Account, call.Workspace, call.KeyId, call.RunId, Micros.Of(call.OccurredAt), Micros.Of(call.SettledAt),
                LedgerNames.Of(call.Outcome), charged.Nano, shortfall.Nano, currency, split, body));
        }

        return isNew;
    }

    internal static byte[] Key(ReceiptId id) => id.Value.ToByteArray(bigEndian: true);
}
