using System.Collections.Concurrent;
using Gateway.Ledger;

namespace Gateway.Host.Pipeline;

/// <summary>The calls that hold credits: renews their leases, and lets a shutdown wait for them.</summary>
internal sealed partial class LiveCalls(ILedger ledger, StoredAnswers answers, Settings.GatewaySettings settings, TimeProvider time, ILogger<LiveCalls> log) : BackgroundService
{
    private readonly ConcurrentDictionary<ReceiptId, ChatCall> _calls = new();

    /// <summary>Whether new calls are refused because the process is ending.</summary>
    public bool IsDraining { get; private set; }

    public void Add(ChatCall call) => _calls[call.Hold!.ReceiptId] = call;

    public void Remove(ChatCall call) => _calls.TryRemove(call.Hold!.ReceiptId, out _);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        IsDraining = true;
        await base.StopAsync(cancellationToken);
    }

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

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        foreach (var call in _calls.Values)
        {
            if (call.Hold is not { } hold || call.Settled is not null)
                continue;

            await answers.RenewAsync(call);
            try
            {
                await ledger.RenewAsync(hold, call.DeliveredSoFar, cancellationToken);
            }
            catch (IOException exception)
            {
                LogNotRenewed(exception, hold.ReceiptId.ToString());
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The lease of {ReceiptId} could not be renewed.")]
    private partial void LogNotRenewed(Exception exception, string receiptId);
}
