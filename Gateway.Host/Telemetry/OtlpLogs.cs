namespace Gateway.Host.Telemetry;

/// <summary>Hands log records to OpenTelemetry. Its levels are <c>Logging:LogLevel</c>, or its own: <c>Logging:OpenTelemetry:LogLevel</c>.</summary>
/// <remarks>The host and the ledger log through different factories; both lead here, so that there is one queue and one exporter. Scopes are not sent.</remarks>
/// <param name="factory">The SDK's; it ends with the SDK.</param>
[ProviderAlias("OpenTelemetry")]
internal sealed class OtlpLogs(ILoggerFactory factory) : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => factory.CreateLogger(categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Two factories hold this one; the SDK's own end is TelemetryPipeline's.
    }
}
