using System.Collections.Concurrent;
using System.Text.Json;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Brings accounts, keys and members from the book into rows of an epoch: once, by whoever needs them first, and never over rows of the same epoch.</summary>
internal sealed class RowLoader(IBook book, RowTransactions rows)
{
    // What is loaded stays loaded until the epoch ends, so this only spares the book a rush: it may be forgotten at any time.
    private const int MaxRemembered = 100_000;
    private static readonly string LoadAccount = EmbeddedText.Read("Front/Rows/load_account.sql");
    private static readonly string LoadKey = EmbeddedText.Read("Front/Rows/load_key.sql");
    private static readonly string LoadMember = EmbeddedText.Read("Front/Rows/load_member.sql");

    private readonly ConcurrentDictionary<(string Account, string? Key, string? Member, long Epoch), LoadOnce<object>> loads = new();

    /// <summary>Loads the account, and the key and member that are named. The epoch was read before the book is, so what is stored is never older than its epoch.</summary>
    /// <exception cref="FrontUnavailableException">The rows cannot be written.</exception>
    public async Task LoadAsync(RowNames names, long epoch, DateOnly today, CancellationToken cancellationToken)
    {
        if (loads.Count > MaxRemembered)
            loads.Clear();
        var account = names.Account;
        await Once((account, null, null, epoch)).GetAsync(() => StoreAccountAsync(account, epoch), cancellationToken);
        if (names.Key is { } key)
            await Once((account, key, null, epoch)).GetAsync(() => StoreKeyAsync(account, key, epoch, today), cancellationToken);
        if (names.Member is { } member)
            await Once((account, null, member, epoch)).GetAsync(() => StoreMemberAsync(account, member, epoch, today), cancellationToken);
    }

    /// <summary>The rows were not there after all: the next load reads the book again.</summary>
    public void Forget(RowNames names, long epoch)
    {
        loads.TryRemove((names.Account, null, null, epoch), out _);
        loads.TryRemove((names.Account, names.Key, null, epoch), out _);
        loads.TryRemove((names.Account, null, names.Member, epoch), out _);
    }

    private LoadOnce<object> Once((string Account, string? Key, string? Member, long Epoch) what) => loads.GetOrAdd(what, static _ => new LoadOnce<object>());

    private async Task<object> StoreAccountAsync(string account, long epoch)
    {
        var loaded = await book.LoadAccountAsync(account, CancellationToken.None);
        await rows.ExecuteAsync(
            LoadAccount,
            [
                RowValue.Of("account", account),
                RowValue.Of("epoch", epoch),
                RowValue.Json("buckets", JsonSerializer.Serialize([.. loaded.Buckets], RowJson.Default.BucketBalanceArray)),
            ],
            CancellationToken.None);
        return loaded;
    }

    private async Task<object> StoreKeyAsync(string account, string key, long epoch, DateOnly today)
    {
        var spending = (await book.KeySpendingAsync(key, today)).ToStored();
        await rows.ExecuteAsync(
            LoadKey,
            [
                RowValue.Of("account", account),
                RowValue.Of("key", key),
                RowValue.Of("epoch", epoch),
                .. SpendingRow.Parameters(spending),
            ],
            CancellationToken.None);
        return spending;
    }

    private async Task<object> StoreMemberAsync(string account, string member, long epoch, DateOnly today)
    {
        var spending = (await book.MemberSpendingAsync(member, today)).ToStored();
        await rows.ExecuteAsync(
            LoadMember,
            [
                RowValue.Of("account", account),
                RowValue.Of("member", member),
                RowValue.Of("epoch", epoch),
                .. SpendingRow.Parameters(spending),
            ],
            CancellationToken.None);
        return spending;
    }
}
