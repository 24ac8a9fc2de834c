using System.Buffers;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Pipeline;

/// <summary>The body of one attempt: the client's bytes with the few edits that this attempt needs, in a pooled buffer that YARP reads.</summary>
internal sealed class OutgoingBody : IDisposable
{
    private readonly BodySplice _splice = new();
    private byte[]? _buffer;

    /// <summary>The bytes to send.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Makes the body: upstream model, no <c>provider</c>, usage in streams, the output limit that rules and balance allow.</summary>
    /// <param name="exchange">The request as the rules left it.</param>
    /// <param name="upstreamModel">The model as the upstream knows it.</param>
    /// <param name="cap">The output limit; <c>null</c>: the client's.</param>
    /// <param name="field">Where a limit goes that the client did not set.</param>
    public void Write(Exchange exchange, string upstreamModel, long? cap, OutputLimitField field)
    {
        var index = exchange.Index;
        _splice.Clear();
        if (!string.Equals(index.Model, upstreamModel, StringComparison.Ordinal))
            RequestEdits.ReplaceModel(index, _splice, upstreamModel);
        RequestEdits.RemoveProvider(index, _splice);
        if (index.Stream)
            RequestEdits.IncludeUsage(index, _splice);
        if (cap is { } limit)
            RequestEdits.CapOutputTokens(index, _splice, limit, field);

        if (_splice.Count == 0)
        {
            Bytes = exchange.Body;
            return;
        }

        var length = _splice.OutputLength(exchange.Body.Length);
        if (_buffer is null || _buffer.Length < length)
        {
            Dispose();
            _buffer = ArrayPool<byte>.Shared.Rent(length);
        }

        _splice.WriteTo(exchange.Body.Span, _buffer);
        Bytes = _buffer.AsMemory(0, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        Bytes = default;
    }
}
