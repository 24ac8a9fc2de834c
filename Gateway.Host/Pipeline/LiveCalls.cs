using System.Collections.Concurrent;
using Gateway.Ledger;

namespace Gateway.Host.Pipeline;

/// <summary>The calls that hold credits: renews their leases, and lets a shutdown wait for them.</summary>
internal sealed partial class LiveCalls(ILedger ledger, StoredAnswers answers, Settings.GatewaySettings settings, TimeProvider time, ILogger<LiveCalls> log) : BackgroundService
{
    private const int RenewedAtOnce = 64;

    private readonly ConcurrentDictionary<ReceiptId, ModelCall> _calls = new();

    /// <summary>Whether new calls are refused because the process is ending.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>How many there are.</summary>
    public int Count => _calls.Count;

    /// <summary>From now on new calls are refused.</summary>
    public void RefuseNew() => IsDraining = true;

    /// <summary>Ends the calls that there are, as if their clients had hung up.</summary>
    public void AbortAll()
    {
        foreach (var call in _calls.Values)
            call.Http.Abort();
    }

    public void Add(ModelCall call) => _calls[call.Hold!.ReceiptId] = call;

    public void Remove(ModelCall call) => _calls.TryRemove(call.Hold!.ReceiptId, out _);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.HoldLease / 4, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RenewAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process is ending.
        }
    }

    private Task RenewAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        _calls.Values, new ParallelOptions { MaxDegreeOfParallelism = RenewedAtOnce, CancellationToken = cancellationToken }, RenewAsync);

    private async ValueTask RenewAsync(ModelCall call, CancellationToken cancellationToken)
    {
        if (call.Hold is not { } hold || call.Settled is not null)
            return;

        await answers.RenewAsync(call);
        try
        {
            // A hold that was reaped is charged its checkpoint, and nothing that is delivered after it: the call ends here.
            // A front that does not answer is another matter: the hold is registered again when one does.
            if (!await ledger.RenewAsync(hold, call.DeliveredSoFar, cancellationToken) && call.Settled is null)
                call.Http.Abort();
        }
        catch (IOException exception)
        {
            LogNotRenewed(hold.ReceiptId.ToString(), exception.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The lease of {ReceiptId} could not be renewed: {Reason}")]
    private partial void LogNotRenewed(string receiptId, string reason);
}
