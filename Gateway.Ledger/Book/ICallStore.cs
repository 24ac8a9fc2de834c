namespace Gateway.Ledger.Book;

/// <summary>A call that must not happen twice.</summary>
/// <param name="Account">Whose calls the key tells apart.</param>
/// <param name="KeyId">The API key that calls: it alone may fetch the answer by the receipt's id.</param>
/// <param name="IdempotencyKey">The caller's <c>Idempotency-Key</c>.</param>
/// <param name="Fingerprint">SHA-256 (hex) of method, path, account and body: the same key with another is a mistake of the caller's.</param>
public sealed record CallKey(string Account, string KeyId, string IdempotencyKey, string Fingerprint);

/// <summary>The right to make the call of an idempotency key: ends with an answer, a release, or the lease.</summary>
/// <param name="Account">The account of the key.</param>
/// <param name="IdempotencyKey">The key.</param>
/// <param name="Token">Tells this try from a later one that took the key over.</param>
public sealed record CallLease(string Account, string IdempotencyKey, Guid Token);

/// <summary>An answer as its client got it, or should have got it.</summary>
public sealed record StoredAnswer
{
    /// <summary>The call that was charged for it.</summary>
    public required ReceiptId ReceiptId { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>The body's <c>Content-Type</c>.</summary>
    public required string ContentType { get; init; }

    /// <summary>The headers that explain the call to its client.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>The body; <c>null</c>: it was longer than <see cref="MaxBodyBytes"/> and is not kept.</summary>
    public required byte[]? Body { get; init; }

    /// <summary>The longest body that is kept. Unit: bytes.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);
}

/// <summary>What an idempotency key stands for now: a closed family.</summary>
public abstract record CallStart
{
    private CallStart()
    {
    }

    /// <summary>Nothing yet: the caller makes the call.</summary>
    public sealed record Begun(CallLease Lease) : CallStart;

    /// <summary>A call that is still running.</summary>
    public sealed record InProgress : CallStart;

    /// <summary>A call that is done; from now on its answer counts as fetched.</summary>
    public sealed record Done(StoredAnswer Answer) : CallStart;

    /// <summary>A call with another body.</summary>
    public sealed record KeyReused : CallStart;
}

/// <summary>Keeps answers for 24 hours: those of calls with an <c>Idempotency-Key</c>, and those whose client was gone when they came.</summary>
/// <remarks>Every step is one atomic statement or transaction, so that several gateways may share a store. A store that is away throws what its driver throws.</remarks>
public interface ICallStore
{
    /// <summary>Takes the key, or says what it stands for. Of any number at once, one gets <see cref="CallStart.Begun"/>.</summary>
    /// <param name="key">The call.</param>
    /// <param name="lease">After this, without renewal, the key is free again: its gateway has died.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<CallStart> BeginAsync(CallKey key, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>The call is still running; <c>false</c>: another has taken the key over.</summary>
    Task<bool> RenewAsync(CallLease of, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Keeps the answer under its key; <c>false</c>: another has taken the key over.</summary>
    Task<bool> CompleteAsync(CallLease of, StoredAnswer answer, CancellationToken cancellationToken);

    /// <summary>The call came to nothing: the key is free again.</summary>
    Task ReleaseAsync(CallLease of, CancellationToken cancellationToken);

    /// <summary>Keeps an answer without a key, because its client had gone.</summary>
    Task KeepAsync(string account, string keyId, string fingerprint, StoredAnswer answer, CancellationToken cancellationToken);

    /// <summary>The answer of a call of this API key, which counts as fetched from now on; <c>null</c>: none is kept.</summary>
    Task<StoredAnswer?> FetchAsync(ReceiptId id, string keyId, CancellationToken cancellationToken);

    /// <summary>The newest answer that was kept without a key since the moment, for the same request of the same API key; it counts as fetched from now on.</summary>
    Task<StoredAnswer?> FetchUndeliveredAsync(string keyId, string fingerprint, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>Asked before a refund: <c>true</c>: the answer was fetched, so the charge stands, or is still kept, so the refund waits until nobody can fetch it.</summary>
    Task<bool> DeferRefundAsync(ReceiptId id, CancellationToken cancellationToken);

    /// <summary>The deferred refunds whose answers nobody fetched in time. They stay due until <see cref="RefundedAsync"/>; at most 1,000 at once.</summary>
    Task<IReadOnlyList<ReceiptId>> DueRefundsAsync(CancellationToken cancellationToken);

    /// <summary>A due refund was made: its answer goes.</summary>
    Task RefundedAsync(ReceiptId id, CancellationToken cancellationToken);

    /// <summary>Removes what is over; how many that were, at most 1,000 at once.</summary>
    Task<int> ExpireAnswersAsync(CancellationToken cancellationToken);
}
