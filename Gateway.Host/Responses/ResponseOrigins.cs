using System.Threading.Channels;
using Gateway.Host.Keys;
using Gateway.Host.Pipeline;
using Gateway.Ledger.Book;

namespace Gateway.Host.Responses;

/// <summary>Remembers which channel made which response: at once in memory, for all gateways a moment later in the book.</summary>
/// <remarks>Nothing waits for the book here: a response whose origin could not be written is one that other gateways do not know.</remarks>
/// <param name="store">The book.</param>
/// <param name="isShared">Whether other gateways write to it, so that what it lacks may be on its way.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Hears of a book that is away.</param>
internal sealed partial class ResponseOrigins(IResponseOrigins store, bool isShared, TimeProvider time, ILogger<ResponseOrigins> log) : BackgroundService
{
    /// <summary>Origins in memory: about 40 MB.</summary>
    public const int MaxRemembered = 100_000;

    /// <summary>Origins that may wait for the book.</summary>
    public const int MaxWaiting = 10_000;

    private const int MostInBatch = 1_000;

    // Another gateway writes its own within 100 ms where the book is well.
    private static readonly TimeSpan[] Waits = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(600)];
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ExpiryInterval = TimeSpan.FromMinutes(30);

    private readonly Channel<ResponseOrigin> waiting =
        Channel.CreateBounded<ResponseOrigin>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    // Null: deleted, so that what still waits for the book does not bring it back.
    private readonly BoundedCache<ResponseOrigin?> remembered = new(MaxRemembered);
    private readonly List<ResponseOrigin> batch = new(MostInBatch);

    /// <summary>Remembers who made a response. Takes no time.</summary>
    /// <param name="workspace">The tenant.</param>
    /// <param name="responseId">The provider's id; one of another length than 1 to 256 is no id.</param>
    /// <param name="channelId">The channel.</param>
    /// <param name="upstreamModel">The model as the channel calls it.</param>
    public void Note(string workspace, string responseId, string channelId, string upstreamModel)
    {
        if (responseId.Length is 0 or > ResponseOrigin.MaxIdLength)
            return;

        var origin = new ResponseOrigin
        {
            Workspace = workspace,
            ResponseId = responseId,
            ChannelId = channelId,
            UpstreamModel = upstreamModel,
            CreatedAt = time.GetUtcNow(),
        };
        remembered.Set(Key(workspace, responseId), origin);
        if (!waiting.Writer.TryWrite(origin))
            LogNotWritten(responseId);
    }

    /// <summary>Who made a response of this tenant; <c>null</c>: nobody, or too long ago. Throws what the book's driver throws where the book is away.</summary>
    public async ValueTask<ResponseOrigin?> FindAsync(string workspace, string responseId, CancellationToken cancellationToken)
    {
        if (responseId.Length is 0 or > ResponseOrigin.MaxIdLength)
            return null;
        if (remembered.TryGet(Key(workspace, responseId), out var known))
            return known?.CreatedAt + ResponseOrigin.Kept > time.GetUtcNow() ? known : null;

        var found = await store.FindOriginAsync(workspace, responseId, cancellationToken);
        for (var i = 0; found is null && isShared && i < Waits.Length; i++)
        {
            await Task.Delay(Waits[i], time, cancellationToken);
            found = await store.FindOriginAsync(workspace, responseId, cancellationToken);
        }

        if (found is not null)
            remembered.Set(Key(workspace, responseId), found);
        return found;
    }

    /// <summary>Forgets a response that the provider has deleted.</summary>
    public async Task DeleteAsync(string workspace, string responseId, CancellationToken cancellationToken)
    {
        remembered.Set(Key(workspace, responseId), value: null);
        await store.DeleteOriginAsync(workspace, responseId, cancellationToken);
    }

    /// <summary>Ends the writing; what still waits is written, if the book takes it at once.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var patience = new CancellationTokenSource(LastWrite, time);
        var goesOn = ExecuteTask is null or { IsCompleted: true };
        while (goesOn && (batch.Count > 0 || waiting.Reader.TryPeek(out _)))
            goesOn = await TryWriteBatchAsync(patience.Token);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WriteAsync(stoppingToken), ExpireAsync(stoppingToken));

    private static string Key(string workspace, string responseId) => $"{workspace}\n{responseId}";

    private async Task WriteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Gather, time, stoppingToken);
                while (!await TryWriteBatchAsync(stoppingToken))
                    await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process is ending.
        }
    }

    private async Task<bool> TryWriteBatchAsync(CancellationToken cancellationToken)
    {
        while (batch.Count < MostInBatch && waiting.Reader.TryRead(out var origin))
        {
            if (!remembered.TryGet(Key(origin.Workspace, origin.ResponseId), out var known) || known is not null)
                batch.Add(origin);
        }

        try
        {
            if (batch.Count > 0)
                await store.AddOriginsAsync(batch, cancellationToken);
            batch.Clear();
            return true;
        }
        catch (Exception exception) when (StoredAnswers.IsAway(exception) || exception is OperationCanceledException)
        {
            LogBookAway(exception, batch.Count);
            return false;
        }
    }

    private async Task ExpireAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ExpiryInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await ExpireOnceAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process is ending.
        }
    }

    private async Task ExpireOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await store.ExpireOriginsAsync(cancellationToken) == MostInBatch)
                await Task.Yield();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && StoredAnswers.IsAway(exception))
        {
            LogNotExpired(exception);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The book is away: {Count} responses can be gone on with at this gateway alone. It is tried again.")]
    private partial void LogBookAway(Exception exception, int count);

    [LoggerMessage(2, LogLevel.Warning, "Too many responses wait for the book: {ResponseId} can be gone on with at this gateway alone.")]
    private partial void LogNotWritten(string responseId);

    [LoggerMessage(3, LogLevel.Warning, "Old origins of responses could not be removed; it is tried again.")]
    private partial void LogNotExpired(Exception exception);
}
