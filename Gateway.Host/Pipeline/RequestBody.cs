using System.Buffers;
using Gateway.Host.OpenAi;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <summary>Step 2: the body, once, in one pooled buffer, and the index of its top-level members.</summary>
internal sealed class RequestBody(CallKind kind) : IDisposable
{
    private byte[]? _buffer;
    private int _length;

    /// <summary>Where the members stand.</summary>
    public RequestIndex Index { get; } = new() { Kind = kind };

    /// <summary>The media type, with its parameters, under which the body goes on.</summary>
    public string ContentType { get; private set; } = "application/json";

    /// <summary>The bytes as the client sent them.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads and indexes; the error, or <c>null</c>.</summary>
    public async ValueTask<GatewayError?> ReadAsync(HttpRequest request, long maxBytes, CancellationToken cancellationToken)
    {
        if (await ReadBytesAsync(request, maxBytes, cancellationToken) is { } unreadable)
            return unreadable;

        var isRead = kind.IsMultipart ? Index.TryReadMultipart(Bytes, ContentType, out var error) : Index.TryRead(Bytes, out error);
        return isRead ? null : Shape(error);
    }

    /// <summary>Reads without an index; the error, or <c>null</c>.</summary>
    public async ValueTask<GatewayError?> ReadBytesAsync(HttpRequest request, long maxBytes, CancellationToken cancellationToken)
    {
        if (!(kind.IsMultipart ? IsMultipart(request.ContentType) : IsJson(request.ContentType)) || request.Headers.ContentEncoding.Count > 0)
            return kind.IsMultipart ? GatewayError.NotMultipart : GatewayError.UnsupportedMediaType;
        ContentType = kind.IsMultipart ? request.ContentType! : "application/json"; // not null: it was looked at
        if (request.ContentLength > maxBytes)
        {
            return GatewayError.TooLarge(maxBytes);
        }

        try
        {
            if (!await FillAsync(request, maxBytes, cancellationToken))
                return GatewayError.TooLarge(maxBytes);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            return GatewayError.InvalidBody("The body broke off, or its chunks are malformed.");
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _length = 0;
        Index.Reset();
    }

    private static bool IsMultipart(string? contentType) =>
        contentType is not null && contentType.AsSpan().TrimStart().StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) && UpstreamHeaders.IsSafe(contentType);

    private static bool IsJson(string? contentType)
    {
        if (contentType is null)
            return false;

        var mediaType = contentType.AsSpan();
        var end = mediaType.IndexOf(';');
        mediaType = (end < 0 ? mediaType : mediaType[..end]).Trim();
        return mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (mediaType.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>What is wrong with a body, as the client hears it.</summary>
    internal static GatewayError Shape(BodyError error) => error.Fault switch
    {
        BodyFault.InvalidField => GatewayError.InvalidField(error.Field!, error.Message),
        BodyFault.DuplicateKey => new GatewayError(400, "duplicate_key", error.Message),
        _ => GatewayError.InvalidBody(error.Message),
    };

    private async ValueTask<bool> FillAsync(HttpRequest request, long maxBytes, CancellationToken cancellationToken)
    {
        var stream = request.Body;
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(256, request.ContentLength + 1 ?? 4096));
        while (true)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
                return true;

            _length += read;
            if (_length > maxBytes)
                return false;
            if (_length == _buffer.Length)
                Grow(maxBytes);
        }
    }

    private void Grow(long maxBytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min((long)_buffer!.Length * 2, maxBytes + 1));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
