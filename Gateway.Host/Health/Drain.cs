using Gateway.Host.Pipeline;
using Gateway.Host.Settings;

namespace Gateway.Host.Health;

/// <summary>How the process ends at <c>SIGTERM</c>: readiness goes at once, then new calls are refused, then those in flight end.</summary>
/// <remarks>
/// A load balancer learns that this gateway goes from its next probe, and sends calls until then: they are taken for <see cref="GatewaySettings.DrainDelay"/>.
/// Where nobody probes there is nobody to wait for, so that Ctrl+C ends at once.
/// </remarks>
internal sealed partial class Drain(IHostApplicationLifetime lifetime, LiveCalls live, GatewaySettings settings, TimeProvider time, ILogger<Drain> log)
{
    /// <summary>Whoever asked for readiness within this time will ask again.</summary>
    private static readonly TimeSpan ProbeMemory = TimeSpan.FromSeconds(60);

    private const long Never = long.MinValue;

    private long probedAt = Never;

    /// <summary>Whether the process is ending: it is not ready, though it may still take calls.</summary>
    public bool HasBegun => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Somebody asked whether this gateway is ready.</summary>
    public void NoteProbe() => Volatile.Write(ref probedAt, time.GetTimestamp());

    /// <summary>Waits for <c>SIGTERM</c> or Ctrl+C, and then for whoever watches readiness. When it returns, new calls are refused.</summary>
    public async Task WaitAsync()
    {
        var ending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStopping.Register(static state => ((TaskCompletionSource)state!).TrySetResult(), ending))
            await ending.Task;

        if (IsWatched && settings.DrainDelay > TimeSpan.Zero)
        {
            LogLeaving((long)settings.DrainDelay.TotalMilliseconds);
            await Task.Delay(settings.DrainDelay, time, CancellationToken.None);
        }

        live.RefuseNew();
        LogRefusing(live.Count);
    }

    /// <summary>Lets calls in flight end, cuts those that take longer than <see cref="GatewaySettings.DrainTime"/>, and stops the host.</summary>
    public async Task StopAsync(IHost host)
    {
        using var late = new CancellationTokenSource(settings.DrainTime, time);
        await using (late.Token.Register(Cut))
            await host.StopAsync(CancellationToken.None);
    }

    /// <summary>Puts <c>Connection: close</c> on answers while the process is ending, so that clients open their next connection elsewhere.</summary>
    /// <remarks>Set when the head is sent: an error that replaces an answer clears its headers. HTTP/2 has no such header; there the server says that it goes.</remarks>
    public RequestDelegate CloseConnections(RequestDelegate next) => http =>
    {
        if (HasBegun && (HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol)))
            http.Response.OnStarting(static state => Close((HttpContext)state), http);
        return next(http);
    };

    private bool IsWatched => Volatile.Read(ref probedAt) is not Never and var at && time.GetElapsedTime(at) <= ProbeMemory;

    private void Cut()
    {
        if (live.Count > 0)
            LogCutting(live.Count);
        live.AbortAll();
    }

    private static Task Close(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        return Task.CompletedTask;
    }

    [LoggerMessage(71, LogLevel.Information, "The process is ending: it is no longer ready, and takes calls for {DelayMs} ms more.")]
    private partial void LogLeaving(long delayMs);

    [LoggerMessage(72, LogLevel.Information, "New calls are refused; {Calls} in flight are waited for.")]
    private partial void LogRefusing(int calls);

    [LoggerMessage(73, LogLevel.Warning, "Gateway__DrainTime is over: {Calls} calls are cut, and charged for what was delivered.")]
    private partial void LogCutting(int calls);
}
