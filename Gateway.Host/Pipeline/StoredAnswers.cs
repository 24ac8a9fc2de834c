using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Host.OpenAi;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms.Multipart;

namespace Gateway.Host.Pipeline;

/// <summary>Answers that a retry may have for nothing: under an <c>Idempotency-Key</c>, and those whose client had gone when they came.</summary>
/// <remarks>The answer is stored after the settlement and before its last bytes leave: whoever did not get those bytes can fetch it.</remarks>
internal sealed partial class StoredAnswers(ICallStore store, GatewaySettings settings, TimeProvider time, ILogger<StoredAnswers> log)
{
    private const int MaxKeyLength = 255;

    // An SDK's own retry comes within seconds; a later request of the same bytes is more likely a new one.
    private static readonly TimeSpan RetryWindow = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A gateway that lives renews each quarter of a hold's lease.
    private TimeSpan Lease => settings.HoldLease * 2;

    /// <summary>Takes the call's idempotency key, or finds the answer that it stands for (<see cref="ModelCall.Stored"/>); the error, or <c>null</c>.</summary>
    public async ValueTask<GatewayError?> BeginAsync(ModelCall call)
    {
        var headers = call.Http.Request.Headers;
        if (headers["Idempotency-Key"] is { Count: > 0 } values)
            return IsKey(values.ToString()) ? await BeginAsync(call, values.ToString()) : GatewayError.InvalidIdempotencyKey;

        if (headers["X-Stainless-Retry-Count"] is { Count: > 0 } count && int.TryParse(count.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var retries) && retries > 0)
            call.Stored = await FindUndeliveredAsync(call);
        return null;
    }

    /// <summary>The stored answer as the client's, byte for byte.</summary>
    public static async ValueTask<GatewayError?> WriteAsync(HttpContext http, StoredAnswer answer)
    {
        var response = http.Response;
        foreach (var (name, value) in answer.Headers)
            response.Headers[name] = value;
        if (answer.Body is null)
            return GatewayError.AnswerNotKept(answer.ReceiptId);

        response.Headers["Idempotent-Replayed"] = "true";
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, http.RequestAborted);
        return null;
    }

    /// <summary>Answers with what is kept of a call of this key; the error, or <c>null</c>.</summary>
    public async ValueTask<GatewayError?> FetchAsync(HttpContext http, ReceiptId id, string keyId)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await store.FetchAsync(id, keyId, patience.Token) is { } answer ? await WriteAsync(http, answer) : GatewayError.NotFound;
        }
        catch (Exception exception) when (IsAway(exception) && !http.Response.HasStarted)
        {
            LogStoreAway(exception);
            return GatewayError.Unavailable(UnavailableReason.Book);
        }
    }

    /// <summary>Stores a settled answer, if a retry may ask for it: it came under a key, or its client has gone.</summary>
    /// <param name="call">The settled call, its response headers set.</param>
    /// <param name="status">The status.</param>
    /// <param name="body">The body as the client gets it; empty: too long to keep.</param>
    public async ValueTask StoreAsync(ModelCall call, int status, ReadOnlyMemory<byte> body)
    {
        if (call.Lease is null && call.ClientIsThere)
            return;

        var answer = new StoredAnswer
        {
            ReceiptId = call.Hold!.ReceiptId,
            Status = status,
            ContentType = call.Http.Response.ContentType ?? "application/json",
            Headers = call.Http.Response.Headers
                .Where(static header => header.Key.StartsWith("x-gateway-", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(static header => header.Key, static header => header.Value.ToString(), StringComparer.Ordinal),
            Body = body.Length is > 0 and <= StoredAnswer.MaxBodyBytes ? body.ToArray() : null,
        };
        await TryAsync(call, patience => StoreAsync(call, answer, patience));
    }

    /// <summary>The call came to nothing, or to a part: its key is free again. Before the client hears of it, for it may try again at once.</summary>
    public async ValueTask ReleaseAsync(ModelCall call)
    {
        if (call.Lease is not { } lease)
            return;

        call.Lease = null;
        await TryAsync(call, patience => store.ReleaseAsync(lease, patience));
    }

    /// <summary>The call is still running.</summary>
    public async ValueTask RenewAsync(ModelCall call)
    {
        if (call.Lease is { } lease)
            await TryAsync(call, patience => store.RenewAsync(lease, Lease, patience));
    }

    /// <summary>Whether the exception says that the store is away, and not that the program is wrong.</summary>
    public static bool IsAway(Exception exception) => exception is DbException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException;

    private async ValueTask<GatewayError?> BeginAsync(ModelCall call, string key)
    {
        using var patience = new CancellationTokenSource(Patience);
        CallStart start;
        try
        {
            start = await store.BeginAsync(new CallKey(call.Key.Account, call.Key.Id, key, Fingerprint(call)), Lease, patience.Token);
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // Without the store nobody can promise that the call happens once.
            LogStoreAway(exception);
            return GatewayError.Unavailable(UnavailableReason.Book);
        }

        switch (start)
        {
            case CallStart.Begun begun:
                call.Lease = begun.Lease;
                return null;
            case CallStart.Done done:
                call.Stored = done.Answer;
                return null;
            case CallStart.InProgress:
                return GatewayError.IdempotencyInProgress;
            default:
                return GatewayError.IdempotencyKeyReused;
        }
    }

    private async ValueTask<StoredAnswer?> FindUndeliveredAsync(ModelCall call)
    {
        StoredAnswer? found = null;
        await TryAsync(call, async patience =>
            found = await store.FetchUndeliveredAsync(call.Key.Id, Fingerprint(call), time.GetUtcNow() - RetryWindow, patience));
        return found;
    }

    private async Task StoreAsync(ModelCall call, StoredAnswer answer, CancellationToken patience)
    {
        if (call.Lease is not { } lease)
        {
            if (answer.Body is not null)
                await store.KeepAsync(call.Key.Account, call.Key.Id, Fingerprint(call), answer, patience);
            return;
        }

        call.Lease = null;
        await store.CompleteAsync(lease, answer, patience);
    }

    // A store that goes away in the middle of a call must not take the answer with it: the lease frees the key.
    private async ValueTask TryAsync(ModelCall call, Func<CancellationToken, Task> step)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await step(patience.Token);
        }
        catch (Exception exception) when (IsAway(exception))
        {
            LogNotStored(exception, call.Hold?.ReceiptId.ToString());
        }
    }

    private static bool IsKey(string key) => key.Length is > 0 and <= MaxKeyLength && !key.AsSpan().ContainsAnyExceptInRange(' ', '~');

    // The body as it came: SDKs write a retry's body again from the same object, byte for byte.
    private static string Fingerprint(ModelCall call)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{call.Http.Request.Method}\n{call.Kind.Path}\n{call.Key.Account}\n"));
        if (call.Body.Index.Multipart is { } multipart)
            Append(hash, multipart);
        else
            hash.AppendData(call.Body.Bytes.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // A retry draws another boundary; its parts are the same. Lengths keep what one part ends with apart from what the next begins with.
    private static void Append(IncrementalHash hash, MultipartRequest multipart)
    {
        foreach (var part in multipart.Parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{part.Name.Length}:{part.Name}{part.FileName?.Length ?? -1}:{part.FileName}{part.Value.Length}:"));
            hash.AppendData(part.Value.Of(multipart.Body.Span));
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The store of answers is away: calls with an Idempotency-Key are refused.")]
    private partial void LogStoreAway(Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "The store of answers is away: a retry of {ReceiptId} may not find its answer.")]
    private partial void LogNotStored(Exception exception, string? receiptId);
}

/// <summary>Removes the answers that are over, in portions.</summary>
internal sealed partial class AnswerExpiry(ICallStore store, TimeProvider time, ILogger<AnswerExpiry> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private const int Portion = 1000;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await ExpireAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process is ending.
        }
    }

    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await store.ExpireAnswersAsync(cancellationToken) == Portion)
                await Task.Yield();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && StoredAnswers.IsAway(exception))
        {
            LogNotExpired(exception);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Old answers could not be removed; it is tried again.")]
    private partial void LogNotExpired(Exception exception);
}
