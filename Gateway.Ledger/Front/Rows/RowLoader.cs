using System.Collections.Concurrent;
using System.Text.Json;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front.InProcess;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Brings accounts and keys from the book into rows of an epoch: once, by whoever needs them first, and never over rows of the same epoch.</summary>
internal sealed class RowLoader(IBook book, RowTransactions rows)
{
    // What is loaded stays loaded until the epoch ends, so this only spares the book a rush: it may be forgotten at any time.
    private const int MaxRemembered = 100_000;
    private static readonly string LoadAccount = EmbeddedText.Read("Front/Rows/load_account.sql");
    private static readonly string LoadKey = EmbeddedText.Read("Front/Rows/load_key.sql");

    private readonly ConcurrentDictionary<(string Account, string? Key, long Epoch), LoadOnce<object>> loads = new();

    /// <summary>Loads the account, and the key if one is named. The epoch was read before the book is, so what is stored is never older than its epoch.</summary>
    /// <exception cref="FrontUnavailableException">The rows cannot be written.</exception>
    public async Task LoadAsync(string account, string? key, long epoch, DateOnly today, CancellationToken cancellationToken)
    {
        if (loads.Count > MaxRemembered)
            loads.Clear();
        await Once(account, null, epoch).GetAsync(() => StoreAccountAsync(account, epoch), cancellationToken);
        if (key is not null)
            await Once(account, key, epoch).GetAsync(() => StoreKeyAsync(account, key, epoch, today), cancellationToken);
    }

    /// <summary>The rows were not there after all: the next load reads the book again.</summary>
    public void Forget(string account, string? key, long epoch)
    {
        loads.TryRemove((account, null, epoch), out _);
        loads.TryRemove((account, key, epoch), out _);
    }

    private LoadOnce<object> Once(string account, string? key, long epoch) => loads.GetOrAdd((account, key, epoch), static _ => new LoadOnce<object>());

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
        var spent = new long[BudgetPeriods.Count];
        for (var i = 0; i < spent.Length; i++)
            spent[i] = (await book.LoadKeySpentAsync(key, BudgetPeriods.Start((BudgetPeriod)i, today), CancellationToken.None)).Nano;
        await rows.ExecuteAsync(
            LoadKey,
            [
                RowValue.Of("account", account),
                RowValue.Of("key", key),
                RowValue.Of("epoch", epoch),
                RowValue.Of("day", today),
                RowValue.Of("spent", spent),
            ],
            CancellationToken.None);
        return spent;
    }
}
