using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>The front as rows of the PostgreSQL book: while Redis is away, or where there is none. The rules are those of the in-process front;
/// here each operation is a transaction that locks the account's row, so that several gateways are right together.</summary>
/// <param name="source">The connections to the book's server.</param>
/// <param name="book">The book, from which accounts and keys are loaded.</param>
/// <param name="gateway">The id of this gateway.</param>
/// <param name="lease">How long a hold lives without a renewal.</param>
/// <param name="clock">The time; <c>null</c>: the server's, which all gateways share.</param>
internal sealed partial class RowFront(NpgsqlDataSource source, IBook book, string gateway, TimeSpan lease, TimeProvider? clock) : ISharedFront
{
    private const int MaxTries = 3;
    private const int MaxReaped = 100;
    private const int MaxSwept = 1000;
    private static readonly string SelectBalance = EmbeddedText.Read("Front/Rows/balance.sql");
    private static readonly string SelectExpired = EmbeddedText.Read("Front/Rows/expired.sql");
    private static readonly string Sweep = EmbeddedText.Read("Front/Rows/sweep.sql");

    private readonly RowTransactions rows = new(source, gateway, clock);
    private readonly RowLoader loader = new(book, new RowTransactions(source, gateway, clock));
    private readonly TimeProvider days = clock ?? TimeProvider.System;
    private long epoch;

    private long Epoch => Interlocked.Read(ref epoch);

    private DateOnly Today => BudgetPeriods.DayOf(days.GetUtcNow());

    /// <inheritdoc/>
    public async ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(
                RowNames.Of(request),
                found => found.State.Hold(request, found.Key!, found.Member, found.At, found.Now, lease.Ticks),
                cancellationToken);
        }
        catch (Exception exception) when (BookFailure.Is(exception) && exception is not FrontUnavailableException)
        {
            return new HoldResult.Unavailable(UnavailableReason.Book);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken)
    {
        var (loaded, result) = await rows.RunAsync(RowNames.Of(hold.Request), Epoch, found => found.State.Rehold(request, found.At), cancellationToken);
        return loaded ? result! : new HoldResult.Unavailable(UnavailableReason.Front);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RenewAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken)
    {
        var (loaded, renewed) = await rows.RunAsync(
            RowNames.Of(hold.Request),
            Epoch,
            found =>
            {
                found.Delivered = delivered;
                return found.State.Renew(hold.ReceiptId, checkpoint, found.Now + lease.Ticks);
            },
            cancellationToken);
        return loaded && renewed;
    }

    /// <inheritdoc/>
    public async ValueTask<FrontSettlement> SettleAsync(
        Hold hold, Credits cost, bool mayOverrun, long tokens, SettledCall? planned, CancellationToken cancellationToken)
    {
        var (loaded, settlement) = await rows.RunAsync<FrontSettlement?>(
            RowNames.Of(hold.Request),
            Epoch,
            found =>
            {
                found.Recorder = gateway;
                found.Planned = over => planned is null ? null : ChargedCall.Of(planned, over);
                return found.Hold is null ? null : found.State.Settle(hold.ReceiptId, cost, mayOverrun, tokens, found.Now);
            },
            CancellationToken.None).WaitAsync(cancellationToken);
        return loaded && settlement is { } settled
            ? settled
            : throw new InvalidOperationException($"The rows have no call {hold.ReceiptId}: it was held in another epoch and not registered again.");
    }

    /// <inheritdoc/>
    public async ValueTask RefundAsync(Hold hold, CancellationToken cancellationToken) =>
        await rows.RunAsync(
            RowNames.Of(hold.Request),
            Epoch,
            found =>
            {
                // What ended in an older epoch is in this one's balances as the book has it, refund included.
                if (found.Hold?.Epoch == found.Epoch)
                    found.State.Refund(hold);
                return true;
            },
            cancellationToken);

    /// <summary>Ends expired holds, at most 100, and drops tombstones that nobody needs. Returns none: <see cref="ClaimAsync"/> has them, and whoever comes first
    /// records them.</summary>
    public async ValueTask<IReadOnlyList<(Hold Hold, FrontSettlement Settlement)>> ReapAsync(CancellationToken cancellationToken)
    {
        var expired = await rows.QueryAsync(
            SelectExpired,
            [RowValue.Of("epoch", Epoch), RowValue.Of("now", rows.Now), RowValue.Of("most", MaxReaped)],
            static row => new RowNames(row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), new ReceiptId(row.GetGuid(3))),
            cancellationToken);
        foreach (var names in expired)
            await rows.RunAsync(names, Epoch, Reap, cancellationToken);

        await rows.ExecuteAsync(
            Sweep,
            [RowValue.Of("epoch", Epoch), RowValue.Of("now", rows.Now), RowValue.Of("lifetime", Tombstones.Lifetime), RowValue.Of("most", MaxSwept)],
            cancellationToken);
        return [];
    }

    /// <inheritdoc/>
    public async ValueTask CreditAsync(string account, BucketBalance bucket, CancellationToken cancellationToken)
    {
        // Even where nobody has loaded the account: a gateway that read the book before the posting may be about to store what it read.
        await RunAsync(
            new RowNames(account),
            found =>
            {
                found.State.Credit(bucket);
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken) =>
        (await FindAsync(new RowNames(account), cancellationToken)).Account.Balance(account);

    /// <inheritdoc/>
    public async ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken)
    {
        if (key.Budget is not { } budget)
            return null;

        var found = await FindAsync(new RowNames(account, key.KeyId), cancellationToken);
        var spending = found.Key!;
        spending.Roll(BudgetPeriods.DayOf(found.At));
        return new BudgetState(budget, spending.Spent(budget.Period), spending.Held(budget.Period), BudgetPeriods.End(budget.Period, spending.Day));
    }

    /// <inheritdoc/>
    public async ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken)
    {
        if (member.Allowance is not { } allowance)
            return null;

        var found = await FindAsync(new RowNames(account, Member: member.MemberId), cancellationToken);
        var spending = found.Member!;
        spending.Roll(BudgetPeriods.DayOf(found.At));
        return new AllowanceState(
            allowance, spending.Spent(BudgetPeriod.Month), spending.Held(BudgetPeriod.Month), BudgetPeriods.MonthEnd(spending.Day));
    }

    private static bool Reap(AccountRows found)
    {
        var reaped = new List<(Hold Hold, FrontSettlement Settlement)>(1);
        found.Planned = over => ChargedCall.Recovered(found, over);
        found.State.Reap(found.Now, reaped);
        return reaped.Count > 0;
    }

    // Loads what is missing, and operates.
    private async Task<T> RunAsync<T>(RowNames names, Func<AccountRows, T> operate, CancellationToken cancellationToken)
    {
        var current = Epoch;
        for (var n = 0; n < MaxTries; n++)
        {
            var (loaded, result) = await rows.RunAsync(names, current, operate, cancellationToken);
            if (loaded)
                return result!;
            if (n > 0)
                loader.Forget(names, current);
            await loader.LoadAsync(names, current, Today, cancellationToken);
        }

        throw new FrontUnavailableException($"The account {names.Account} cannot be loaded in epoch {current}.");
    }

    // Reads without a lock: a balance is old news by the time it is shown.
    private async Task<Found> FindAsync(RowNames names, CancellationToken cancellationToken)
    {
        var current = Epoch;
        for (var n = 0; n < MaxTries; n++)
        {
            var found = await rows.QueryAsync(
                SelectBalance,
                [RowValue.Of("account", names.Account), RowValue.Of("key", names.Key), RowValue.Of("member", names.Member)],
                row => Read(row, names, current),
                cancellationToken);
            if (found is [{ } one] && names.Complete(one.Key is not null, one.Member is not null))
                return one;
            if (n > 0)
                loader.Forget(names, current);
            await loader.LoadAsync(names, current, Today, cancellationToken);
        }

        throw new FrontUnavailableException($"The account {names.Account} cannot be loaded in epoch {current}.");
    }

    // null: the account is not loaded under this epoch.
    private Found? Read(NpgsqlDataReader row, RowNames names, long current)
    {
        Epochs.Check(row, current);
        if (row.IsDBNull(5) || row.GetInt64(5) != current)
            return null;
        return new Found(
            new AccountState(new AccountBalance(names.Account, RowTransactions.ReadBuckets(row, 6))),
            row.IsDBNull(7) ? null : new Spending(SpendingRow.Read(row, 7)),
            row.IsDBNull(10) ? null : new Spending(SpendingRow.Read(row, 10)),
            rows.At(row, 4));
    }

    private sealed record Found(AccountState Account, Spending? Key, Spending? Member, DateTimeOffset At);
}
