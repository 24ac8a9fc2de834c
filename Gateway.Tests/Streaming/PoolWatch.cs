using System.Diagnostics.Tracing;
using NUnit.Framework;

namespace Gateway.Tests.Streaming;

/// <summary>Counts what this thread has rented from the shared array pools and not given back.</summary>
/// <remarks>The pools tell of each rent on the thread that rents, so tests beside this one do not matter.</remarks>
internal sealed class PoolWatch : EventListener
{
    private const int Rented = 1;
    private const int Returned = 3;

    private readonly int _thread = Environment.CurrentManagedThreadId;

    /// <summary>Unit: bytes.</summary>
    public int HeldBytes { get; private set; }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (string.Equals(eventSource.Name, "System.Buffers.ArrayPoolEventSource", StringComparison.Ordinal))
            EnableEvents(eventSource, EventLevel.Verbose);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (Environment.CurrentManagedThreadId != _thread || eventData.EventId is not (Rented or Returned))
            return;

        var bytes = (int)eventData.Payload![1]!; // both have the buffer's size there
        HeldBytes += eventData.EventId == Rented ? bytes : -bytes;
    }

    /// <summary>Fails where the pools do not tell.</summary>
    public void Check()
    {
        var before = HeldBytes;
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(100);
        Assert.That(HeldBytes - before, Is.EqualTo(buffer.Length));
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        Assert.That(HeldBytes, Is.EqualTo(before));
    }
}
