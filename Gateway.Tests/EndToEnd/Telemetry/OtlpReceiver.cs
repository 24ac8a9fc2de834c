using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>A real OTLP/HTTP receiver in a process of its own, which decodes with OpenTelemetry's generated code; skips, or fails in CI, where Node is missing.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowReadingFromString, RespectNullableAnnotations = true };

    private readonly ConcurrentQueue<OtlpSpan> spans = new();
    private readonly ConcurrentDictionary<(string Fixture, string Name), OtlpMetric> metrics = new();
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

    /// <summary>All log records so far.</summary>
    public IReadOnlyList<OtlpLog> Logs => [.. logs];

    /// <summary>Exports that it could not read.</summary>
    public IReadOnlyList<string> Mistakes => [.. mistakes];

    /// <summary>Every export of spans and log records as one line of JSON, to look for what must not be in any.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>What a fixture's gateway exported last of a metric; <c>null</c>: nothing yet.</summary>
    public OtlpMetric? Metric(string fixture, string name) => metrics.GetValueOrDefault((fixture, name));

    /// <summary>The last export of each of a fixture's metrics.</summary>
    public IReadOnlyList<OtlpMetric> Metrics(string fixture) => [.. metrics.Where(entry => entry.Key.Fixture == fixture).Select(static entry => entry.Value)];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var node = await NodeScript.StartAsync("otlp-receiver.mjs");
        using var deadline = new CancellationTokenSource(Patience);
        var first = await node.StandardOutput.ReadLineAsync(deadline.Token)
            ?? throw new InvalidOperationException("The receiver ended: " + await node.StandardError.ReadToEndAsync(deadline.Token));
        return new OtlpReceiver(node, JsonNode.Parse(first)!["address"]!.GetValue<string>()); // not null: the script's first line
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
            switch (root.GetProperty("signal").GetString())
            {
                case "traces":
                    lines.Enqueue(line);
                    Add<OtlpSpan>(root, spans.Enqueue);
                    break;
                case "metrics":
                    // They are cumulative: the last export has all of them.
                    Add<OtlpMetric>(root, metric => metrics[(metric.Resource["test.fixture"]?.ToString() ?? "", metric.Name)] = metric);
                    break;
                case "logs":
                    lines.Enqueue(line);
                    Add<OtlpLog>(root, logs.Enqueue);
                    break;
                default:
                    mistakes.Enqueue(line);
                    break;
            }
        }
    }

    private static void Add<T>(JsonElement export, Action<T> add)
    {
        foreach (var record in export.GetProperty("records").EnumerateArray())
            add(record.Deserialize<T>(Json)!); // not null: it is an object
    }
}
