using Gateway.Ledger.Front.InProcess;

namespace Gateway.Ledger.Front.Rows;

/// <summary>What one operation has read under the account's lock, as the state that the in-process front works on; afterwards, what changed is written.</summary>
internal sealed class AccountRows
{
    public AccountRows(RowNames names, long epoch, DateTimeOffset at, BucketBalance[] buckets, KeyRow? key, SpendingCounters? member, HoldRow? hold)
    {
        Names = names;
        Epoch = epoch;
        At = at;
        BucketsRead = buckets;
        KeyRead = key;
        MemberRead = member;
        Key = key?.ToState();
        Member = member is null ? null : new Spending(member);
        Hold = hold?.CountsIn(epoch) == true ? hold : null;
        State = new AccountState(new AccountBalance(names.Account, buckets));
        if (names.Key is { } keyId && Key is { } keyState)
            State.AddKey(keyId, keyState);
        if (names.Member is { } memberId && Member is { } memberState)
            State.AddMember(memberId, memberState);
        if (names.Receipt is { } receipt)
            AddHold(receipt);
    }

    public RowNames Names { get; }

    public long Epoch { get; }

    /// <summary>The moment of the operation, in whole microseconds as the rows keep it.</summary>
    public DateTimeOffset At { get; }

    /// <summary>The same for clocks and leases. Unit: ticks.</summary>
    public long Now => At.UtcTicks;

    public AccountState State { get; }

    /// <summary>The key that was named.</summary>
    public KeyState? Key { get; }

    /// <summary>The member that was named, or the hold's.</summary>
    public Spending? Member { get; }

    /// <summary>The hold as it was read; <c>null</c>: this epoch has none.</summary>
    public HoldRow? Hold { get; }

    /// <summary>The hold in flight as it was read.</summary>
    public Hold? HoldRead { get; private set; }

    public BucketBalance[] BucketsRead { get; }

    public KeyRow? KeyRead { get; }

    public SpendingCounters? MemberRead { get; }

    /// <summary>What the settlement leaves for the book; <c>null</c>: nothing.</summary>
    public Func<FrontSettlement, SettledCall?>? Planned { get; set; }

    /// <summary>Who records the call that this operation ends; <c>null</c>: anyone.</summary>
    public string? Recorder { get; set; }

    /// <summary>When a call without a hold was admitted.</summary>
    public DateTimeOffset? OccurredAt { get; set; }

    /// <summary>What a renewal says has been delivered.</summary>
    public Usage? Delivered { get; set; }

    private void AddHold(ReceiptId receipt)
    {
        if (Hold is not { } hold)
            return;
        if (hold.Over is { } over)
        {
            State.AddOver(receipt, over, Now);
            return;
        }

        var request = Names.Request ?? hold.Request ?? throw new InvalidDataException($"The hold {receipt} does not say what was asked.");
        var live = hold.ToLive(request, State, Key ?? throw new InvalidDataException($"The hold {receipt} has no key."), Member);
        HoldRead = live.Hold;
        State.AddLive(live);
    }
}
