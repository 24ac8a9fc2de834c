using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>A real OTLP/HTTP receiver in a process of its own, which decodes with OpenTelemetry's generated code; skips, or fails in CI, where Node is missing.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowReadingFromString, RespectNullableAnnotations = true };

    private readonly ConcurrentQueue<OtlpSpan> spans = new();
    private readonly ConcurrentQueue<OtlpMetric> metrics = new();
    private readonly ConcurrentQueue<OtlpLog> logs = new();
    private readonly ConcurrentQueue<string> mistakes = new();
    private readonly ConcurrentQueue<string> lines = new();
    private readonly Process process;
    private readonly Task reading;
    private readonly Task<string> errors;

    private OtlpReceiver(Process process, string address)
    {
        this.process = process;
        Address = address;
        errors = process.StandardError.ReadToEndAsync();
        reading = ReadAsync();
    }

    /// <summary>What <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set to.</summary>
    public string Address { get; }

    /// <summary>All spans so far, in the order in which they came.</summary>
    public IReadOnlyList<OtlpSpan> Spans => [.. spans];

    /// <summary>All metrics so far: one of each name from each export.</summary>
    public IReadOnlyList<OtlpMetric> Metrics => [.. metrics];

    /// <summary>All log records so far.</summary>
    public IReadOnlyList<OtlpLog> Logs => [.. logs];

    /// <summary>Exports that it could not read.</summary>
    public IReadOnlyList<string> Mistakes => [.. mistakes];

    /// <summary>Every export as one line of JSON, to look for what must not be in any.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var process = await NodeScript.StartAsync("otlp-receiver.mjs");
        using var deadline = new CancellationTokenSource(Patience);
        var first = await process.StandardOutput.ReadLineAsync(deadline.Token)
            ?? throw new InvalidOperationException("The receiver ended: " + await process.StandardError.ReadToEndAsync(deadline.Token));
        return new OtlpReceiver(process, JsonDocument.Parse(first).RootElement.GetProperty("address").GetString()!);
    }

    /// <summary>Waits until this finds something; throws if it takes too long.</summary>
    public async Task<T> WaitAsync<T>(Func<OtlpReceiver, T?> find, string what)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Patience && !process.HasExited)
        {
            if (find(this) is { } found)
                return found;
            await Task.Delay(20);
        }

        throw new TimeoutException($"{what} did not come.\nSpans:\n{string.Join('\n', spans.TakeLast(30))}\nMistakes: {string.Join("; ", mistakes)}");
    }

    /// <summary>All spans of a trace, once its server span and, if that has a receipt, the recording have come.</summary>
    public Task<OtlpTrace> TraceAsync(string traceId) => WaitAsync(
        receiver =>
        {
            var trace = new OtlpTrace([.. receiver.spans.Where(span => span.TraceId == traceId)]);
            return trace.HasEnded ? trace : null;
        },
        $"The trace {traceId}");

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        await reading;
        await errors;
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            lines.Enqueue(line);
            switch (root.GetProperty("signal").GetString())
            {
                case "traces":
                    Add(root, spans);
                    break;
                case "metrics":
                    Add(root, metrics);
                    break;
                case "logs":
                    Add(root, logs);
                    break;
                default:
                    mistakes.Enqueue(line);
                    break;
            }
        }
    }

    private static void Add<T>(JsonElement export, ConcurrentQueue<T> records)
    {
        foreach (var record in export.GetProperty("records").EnumerateArray())
            records.Enqueue(record.Deserialize<T>(Json)!);
    }
}
