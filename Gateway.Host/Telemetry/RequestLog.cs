using Gateway.Ledger;

namespace Gateway.Host.Telemetry;

/// <summary>One line per call of a model, off by default: <c>Logging__LogLevel__Gateway.Requests=Information</c> turns it on.</summary>
internal sealed partial class RequestLog(ILoggerFactory logging)
{
    /// <summary>Its category.</summary>
    public const string Category = "Gateway.Requests";

    private const string Nothing = "-";

    private readonly ILogger log = logging.CreateLogger(Category);

    /// <summary>Whether a line would be written: what it needs is made only then.</summary>
    public bool IsEnabled => log.IsEnabled(LogLevel.Information);

    /// <summary>Writes the line, unless it is off.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="route">The route's template, never the address as it came.</param>
    /// <param name="status">The status that the client got.</param>
    /// <param name="outcome">How the call ended, as its receipt says it; <c>null</c>: it has none.</param>
    /// <param name="receiptId">Its receipt; <c>null</c>: nothing was held.</param>
    /// <param name="keyId">The id of the key, never the key; <c>null</c>: it had none that is known.</param>
    /// <param name="requestedModel">The model that the client named; <c>null</c>: none was read.</param>
    /// <param name="routedModel">The model that answered; <c>null</c>: none did.</param>
    /// <param name="channel">The channel that answered; <c>null</c>: none did.</param>
    /// <param name="attempts">Calls of upstreams, hedges too.</param>
    /// <param name="inputTokens">Tokens of the prompt that were charged for.</param>
    /// <param name="outputTokens">Tokens of the answer that were charged for.</param>
    /// <param name="cost">What was charged.</param>
    /// <param name="duration">From the first byte of the request to the last of the answer.</param>
    public void Write(
        string method,
        string route,
        int status,
        string? outcome,
        ReceiptId? receiptId,
        string? keyId,
        string? requestedModel,
        string? routedModel,
        string? channel,
        int attempts,
        long inputTokens,
        long outputTokens,
        Credits cost,
        TimeSpan duration)
    {
        if (IsEnabled)
        {
            LogCall(
                method, route, status, outcome ?? Nothing, receiptId?.ToString() ?? Nothing, keyId ?? Nothing, requestedModel ?? Nothing, routedModel ?? Nothing, channel ?? Nothing,
                attempts, inputTokens, outputTokens, cost.ToDecimal(), Math.Round(duration.TotalMilliseconds, 3));
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Information,
        "{Method} {Route} {Status} {Outcome}: receipt {ReceiptId}, key {KeyId}, {RequestedModel} by {RoutedModel} on {Channel} in {Attempts} attempts, {InputTokens} + {OutputTokens} tokens, {CostCredits} credits, {DurationMs} ms.")]
    private partial void LogCall(
        string method,
        string route,
        int status,
        string outcome,
        string receiptId,
        string keyId,
        string requestedModel,
        string routedModel,
        string channel,
        int attempts,
        long inputTokens,
        long outputTokens,
        decimal costCredits,
        double durationMs);
}
