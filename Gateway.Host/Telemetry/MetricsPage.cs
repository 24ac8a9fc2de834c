using System.Buffers;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.Host.Telemetry;

/// <summary>Which text a scraper reads.</summary>
internal enum MetricsFormat
{
    /// <summary>Prometheus' text, version 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

/// <summary>All metrics as text, collected when it is read.</summary>
/// <remarks>
/// Readers take turns, and what is read stays the answer for <see cref="Freshness"/>: a storm of scrapes costs one collection in that time.
/// OpenTelemetry's own exporter for Prometheus is not used: its package is a preview, with another server in it.
/// </remarks>
internal sealed class MetricsPage(TimeProvider time)
{
    /// <summary>How long a text is the answer to all that ask.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(300);

    private const int CollectMilliseconds = 5_000;

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly TextExporter exporter = new();
    private readonly (byte[] Text, long ReadAt)?[] last = new (byte[], long)?[2];
    private BaseExportingMetricReader? reader;

    /// <summary>The reader to be given to a provider of metrics; without one the page is empty.</summary>
    public MetricReader Reader => reader ??= new BaseExportingMetricReader(exporter);

    /// <summary>The text.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(MetricsFormat format, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            ref var kept = ref last[(int)format];
            if (kept is { } fresh && time.GetElapsedTime(fresh.ReadAt) < Freshness)
                return fresh.Text;

            kept = (Collect(format), time.GetTimestamp());
            return kept.Value.Text;
        }
        finally
        {
            turn.Release();
        }
    }

    private byte[] Collect(MetricsFormat format)
    {
        exporter.Begin(format);
        if (reader is null)
            exporter.Say("Nothing is collected: OTEL_SDK_DISABLED is true.");
        else
            reader.Collect(CollectMilliseconds);
        return exporter.End();
    }

    /// <summary>Writes what the SDK collected.</summary>
    private sealed class TextExporter : BaseExporter<Metric>
    {
        private readonly ArrayBufferWriter<byte> buffer = new(64 << 10);
        private PrometheusText? text;

        public void Begin(MetricsFormat format)
        {
            buffer.ResetWrittenCount();
            text = new PrometheusText(buffer, format);
        }

        public void Say(string remark) => text!.Remark(remark); // Begin made it.

        public byte[] End()
        {
            text!.End(); // Begin made it.
            text = null;
            return buffer.WrittenSpan.ToArray();
        }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            // The SDK collects at its own end too, when nobody reads.
            text?.Write(batch, ParentProvider.GetResource());
            return ExportResult.Success;
        }
    }
}
