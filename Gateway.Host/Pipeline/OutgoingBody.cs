using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Pipeline;

/// <summary>The body of one attempt: the client's bytes with the few edits that this attempt needs, in a pooled buffer that YARP reads.</summary>
internal sealed class OutgoingBody : IDisposable
{
    private readonly BodySplice _splice = new();
    private byte[]? _buffer;

    /// <summary>The bytes to send.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Makes the body: upstream model, no <c>provider</c>, usage in streams, the affordable output limit.</summary>
    public void Write(RequestBody body, string upstreamModel, long? cap)
    {
        var index = body.Index;
        _splice.Clear();
        if (!string.Equals(index.Model, upstreamModel, StringComparison.Ordinal))
            ChatRequestEdits.ReplaceModel(index, _splice, upstreamModel);
        ChatRequestEdits.RemoveProvider(index, _splice);
        if (index.Stream)
            ChatRequestEdits.IncludeUsage(index, _splice);
        if (cap is { } limit)
            ChatRequestEdits.CapOutputTokens(index, _splice, limit);

        if (_splice.Count == 0)
        {
            Bytes = body.Bytes;
            return;
        }

        var length = _splice.OutputLength(body.Bytes.Length);
        if (_buffer is null || _buffer.Length < length)
        {
            Dispose();
            _buffer = ArrayPool<byte>.Shared.Rent(length);
        }

        _splice.WriteTo(body.Bytes.Span, _buffer);
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
