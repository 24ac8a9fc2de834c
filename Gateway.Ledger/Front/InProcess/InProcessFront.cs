using System.Collections.Concurrent;
using Gateway.Ledger.Book;

namespace Gateway.Ledger.Front.InProcess;

/// <summary>The front in this process's memory: one gateway on one machine. Accounts and keys are loaded from the book at their first call and stay.</summary>
internal sealed class InProcessFront(IBook book, TimeProvider time, TimeSpan lease) : IFront
{
    private readonly ConcurrentDictionary<string, LoadOnce<AccountState>> accounts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Account, string Key), LoadOnce<KeyState>> keys = new();
    private readonly ConcurrentDictionary<(string Account, string Member), LoadOnce<Spending>> members = new();
    private readonly long origin = time.GetTimestamp();

    // Monotonic: leases and rates do not follow a clock that is set.
    private long Now => time.GetElapsedTime(origin).Ticks;

    private DateOnly Today => BudgetPeriods.DayOf(time.GetUtcNow());

    /// <inheritdoc/>
    public ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        if (Loaded(request.Account) is not { } account)
            return LoadAndHoldAsync(request, cancellationToken);

        lock (account.Gate)
        {
            var member = request.Member is { } limits ? account.FindMember(limits.MemberId) : null;
            if (account.FindKey(request.Key.KeyId) is { } key && (member is not null || request.Member is null))
                return ValueTask.FromResult(account.Hold(request, key, member, time.GetUtcNow(), Now, lease.Ticks));
        }

        return LoadAndHoldAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken)
    {
        if (Loaded(request.Account) is not { } account)
            return ValueTask.FromResult<HoldResult>(new HoldResult.Unavailable(UnavailableReason.Front));

        lock (account.Gate)
            return ValueTask.FromResult(account.Rehold(request, time.GetUtcNow()));
    }

    /// <inheritdoc/>
    public ValueTask<bool> RenewAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken)
    {
        if (Loaded(hold.Request.Account) is not { } account)
            return ValueTask.FromResult(false);

        lock (account.Gate)
            return ValueTask.FromResult(account.Renew(hold.ReceiptId, checkpoint, Now + lease.Ticks));
    }

    /// <inheritdoc/>
    public ValueTask<FrontSettlement> SettleAsync(
        Hold hold, Credits cost, bool mayOverrun, long tokens, SettledCall? planned, CancellationToken cancellationToken)
    {
        var account = Loaded(hold.Request.Account)
            ?? throw new InvalidOperationException($"The front has no account {hold.Request.Account}: the call was held elsewhere.");
        lock (account.Gate)
            return ValueTask.FromResult(account.Settle(hold.ReceiptId, cost, mayOverrun, tokens, Now));
    }

    /// <inheritdoc/>
    public ValueTask RefundAsync(Hold hold, CancellationToken cancellationToken)
    {
        if (Loaded(hold.Request.Account) is { } account)
        {
            lock (account.Gate)
                account.Refund(hold);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(Hold Hold, FrontSettlement Settlement)>> ReapAsync(CancellationToken cancellationToken)
    {
        var reaped = new List<(Hold Hold, FrontSettlement Settlement)>();
        foreach (var (_, slot) in accounts)
        {
            if (slot.Value is not { } account)
                continue;
            lock (account.Gate)
                account.Reap(Now, reaped);
        }

        return ValueTask.FromResult<IReadOnlyList<(Hold Hold, FrontSettlement Settlement)>>(reaped);
    }

    /// <inheritdoc/>
    public async ValueTask CreditAsync(string account, BucketBalance bucket, CancellationToken cancellationToken)
    {
        // An account that is not being loaded will find the posting in the book. One that is may have read the book before it.
        if (!accounts.TryGetValue(account, out var slot) || await slot.CurrentAsync(cancellationToken) is not { } state)
            return;

        lock (state.Gate)
            state.Credit(bucket);
    }

    /// <inheritdoc/>
    public ValueTask ForgiveAsync(string account, string keyId, string? memberId, DateOnly admitted, Credits amount, CancellationToken cancellationToken)
    {
        // A key or a member that is not loaded will find the refund in the book.
        if (Loaded(account) is { } state)
        {
            lock (state.Gate)
                state.Forgive(keyId, memberId, admitted, amount);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken)
    {
        var state = await LoadAccountAsync(account, cancellationToken);
        lock (state.Gate)
            return state.Balance(account);
    }

    /// <inheritdoc/>
    public async ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken)
    {
        if (key.Budget is not { } budget)
            return null;

        var state = await LoadAccountAsync(account, cancellationToken);
        var spending = (await LoadKeyAsync(state, account, key.KeyId, cancellationToken)).Spending;
        lock (state.Gate)
        {
            spending.Roll(BudgetPeriods.DayOf(time.GetUtcNow()));
            return new BudgetState(
                budget, spending.Spent(budget.Period), spending.Held(budget.Period), BudgetPeriods.End(budget.Period, spending.Day));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken)
    {
        if (member.Allowance is not { } allowance)
            return null;

        var state = await LoadAccountAsync(account, cancellationToken);
        var spending = await LoadMemberAsync(state, account, member.MemberId, cancellationToken);
        lock (state.Gate)
        {
            spending.Roll(BudgetPeriods.DayOf(time.GetUtcNow()));
            return new AllowanceState(
                allowance, spending.Spent(BudgetPeriod.Month), spending.Held(BudgetPeriod.Month), BudgetPeriods.MonthEnd(spending.Day));
        }
    }

    private async ValueTask<HoldResult> LoadAndHoldAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        AccountState account;
        KeyState key;
        Spending? member = null;
        try
        {
            account = await LoadAccountAsync(request.Account, cancellationToken);
            key = await LoadKeyAsync(account, request.Account, request.Key.KeyId, cancellationToken);
            if (request.Member is { } limits)
                member = await LoadMemberAsync(account, request.Account, limits.MemberId, cancellationToken);
        }
        catch (Exception exception) when (BookFailure.Is(exception))
        {
            return new HoldResult.Unavailable(UnavailableReason.Book);
        }

        lock (account.Gate)
            return account.Hold(request, key, member, time.GetUtcNow(), Now, lease.Ticks);
    }

    private AccountState? Loaded(string account) => accounts.TryGetValue(account, out var slot) ? slot.Value : null;

    private Task<AccountState> LoadAccountAsync(string account, CancellationToken cancellationToken) =>
        accounts.GetOrAdd(account, static _ => new LoadOnce<AccountState>()).GetAsync(
            async () => new AccountState(await book.LoadAccountAsync(account, CancellationToken.None)), cancellationToken);

    private async Task<KeyState> LoadKeyAsync(AccountState state, string account, string keyId, CancellationToken cancellationToken)
    {
        var slot = keys.GetOrAdd((account, keyId), static _ => new LoadOnce<KeyState>());
        var key = await slot.GetAsync(async () => new KeyState(await book.KeySpendingAsync(keyId, Today)), cancellationToken);
        lock (state.Gate)
            state.AddKey(keyId, key);
        return key;
    }

    private async Task<Spending> LoadMemberAsync(AccountState state, string account, string memberId, CancellationToken cancellationToken)
    {
        var slot = members.GetOrAdd((account, memberId), static _ => new LoadOnce<Spending>());
        var member = await slot.GetAsync(() => book.MemberSpendingAsync(memberId, Today), cancellationToken);
        lock (state.Gate)
            state.AddMember(memberId, member);
        return member;
    }
}
