using Gateway.Ledger.Front.InProcess;

namespace Gateway.Ledger.Front.Rows;

/// <summary>What one operation has read under the account's lock, as the state that the in-process front works on; afterwards, what changed is written.</summary>
internal sealed class AccountRows
{
    private AccountRows(RowNames names, long epoch, AccountState state, KeyState? key, HoldRow? hold, DateTimeOffset at)
    {
        Names = names;
        Epoch = epoch;
        State = state;
        Key = key;
        Hold = hold;
        At = at;
        BucketsRead = state.StoredBuckets();
        KeyRead = key?.ToStored();
    }

    public RowNames Names { get; }

    public long Epoch { get; }

    public AccountState State { get; }

    /// <summary>The key that was named.</summary>
    public KeyState? Key { get; }

    /// <summary>The hold as it was read; <c>null</c>: there is none, or only one of an older epoch that never ended.</summary>
    public HoldRow? Hold { get; }

    /// <summary>The moment of the operation, in whole microseconds as the rows keep it.</summary>
    public DateTimeOffset At { get; }

    /// <summary>The same for clocks and leases. Unit: ticks.</summary>
    public long Now => At.UtcTicks;

    public IReadOnlyList<BucketBalance> BucketsRead { get; }

    public KeyCounters? KeyRead { get; }

    /// <summary>What the settlement leaves for the book; <c>null</c>: nothing.</summary>
    public Func<FrontSettlement, SettledCall?>? Planned { get; set; }

    /// <summary>Who records the call that this operation ends; <c>null</c>: anyone.</summary>
    public string? Recorder { get; set; }

    /// <summary>When a call without a hold was admitted.</summary>
    public DateTimeOffset? OccurredAt { get; set; }

    /// <summary>What a renewal says has been delivered.</summary>
    public Usage? Delivered { get; set; }

    public static AccountRows Of(RowNames names, long epoch, BucketBalance[] buckets, KeyCounters? key, HoldRow? hold, DateTimeOffset at)
    {
        var state = new AccountState(new AccountBalance(names.Account, buckets));
        var keyState = key is null ? null : new KeyState(key);
        if (names.Key is { } keyId && keyState is not null)
            state.AddKey(keyId, keyState);

        // What has ended has ended, whatever the epoch; what is in flight is of one epoch.
        if (hold?.Over is null && hold?.Epoch != epoch)
            hold = null;
        if (names.Receipt is { } receipt && hold is not null)
            Add(state, names, receipt, keyState, hold, at);
        return new AccountRows(names, epoch, state, keyState, hold, at);
    }

    private static void Add(AccountState state, RowNames names, ReceiptId receipt, KeyState? key, HoldRow hold, DateTimeOffset at)
    {
        if (hold.Over is { } over)
        {
            state.AddOver(receipt, over, at.UtcTicks);
            return;
        }

        var request = names.Request ?? hold.Request ?? throw new InvalidDataException($"The hold {receipt} does not say what was asked.");
        state.AddLive(hold.ToLive(request, state, key ?? throw new InvalidDataException($"The hold {receipt} has no key.")));
    }
}
