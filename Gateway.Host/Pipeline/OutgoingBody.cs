using System.Buffers;
using Gateway.Host.OpenAi;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Multipart;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Pipeline;

/// <summary>The body of one attempt: the client's bytes with the few edits that this attempt needs, or their translation, in a pooled buffer that YARP reads.</summary>
internal sealed class OutgoingBody : IDisposable
{
    private PooledBuffer? _translated;
    private PooledBuffer? _retranslated;
    private byte[]? _buffer;

    /// <summary>The bytes to send.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Makes the body; the error if the request has no form in the upstream's API.</summary>
    public GatewayError? Write(ModelCall call, CallAttempt attempt)
    {
        var (index, body) = (call.Exchange.Index, call.Exchange.Body);
        var (adapter, preset) = (attempt.Adapter, attempt.Candidate.Channel.Preset);
        var target = attempt.Target = TargetOf(call, attempt);
        if (adapter.Client is { } client)
        {
            _translated = new PooledBuffer(body.Length + 1024);
            if (!client.TryWriteRequest(index, body.Span, target, _translated, out var error))
                return RequestBody.Shape(error);

            body = _translated.WrittenMemory;
            index = new RequestIndex();
            if (!index.TryRead(body, out error))
                return RequestBody.Shape(error);
        }

        if (adapter.Upstream is { } upstream)
        {
            _retranslated = new PooledBuffer(body.Length + 1024);
            if (!upstream.TryWriteRequest(index, body.Span, target, _retranslated, out var error))
                return RequestBody.Shape(error);
            Bytes = _retranslated.WrittenMemory;
            return null;
        }

        Splice(index, body, target, adapter, preset);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _translated?.Dispose();
        _retranslated?.Dispose();
        Bytes = default;
    }

    // Upstream model, no provider, usage in streams, the output limit that rules and balance allow.
    private void Splice(RequestIndex index, ReadOnlyMemory<byte> body, in TranslationTarget target, Adapter adapter, ProviderPreset preset)
    {
        if (!NeedsEdits(index, target, adapter, preset))
        {
            Bytes = body;
            return;
        }

        var splice = new BodySplice();
        if (index.Multipart is not null)
            MultipartEdits.ReplaceModel(index, splice, target.UpstreamModel);
        else if (!string.Equals(index.Model, target.UpstreamModel, StringComparison.Ordinal))
            RequestEdits.ReplaceModel(index, splice, target.UpstreamModel);
        RequestEdits.RemoveProvider(index, splice);
        if (index.Stream && adapter.Format.UsageIsOptional && preset.StreamOptions)
            RequestEdits.IncludeUsage(index, splice);
        if (target.OutputLimit is { } limit)
            RequestEdits.CapOutputTokens(index, splice, limit, preset.OutputLimitField);

        if (splice.Count == 0)
        {
            Bytes = body;
            return;
        }

        var length = splice.OutputLength(body.Length);
        _buffer = ArrayPool<byte>.Shared.Rent(length);
        splice.WriteTo(body.Span, _buffer);
        Bytes = _buffer.AsMemory(0, length);
    }

    private static bool NeedsEdits(RequestIndex index, in TranslationTarget target, Adapter adapter, ProviderPreset preset) =>
        index.Multipart is not null
        || index.ProviderIsString
        || target.OutputLimit is not null
        || (index.Stream && adapter.Format.UsageIsOptional && preset.StreamOptions)
        || !string.Equals(index.Model, target.UpstreamModel, StringComparison.Ordinal);

    private static TranslationTarget TargetOf(ModelCall call, CallAttempt attempt) => new(
        attempt.Candidate.UpstreamModel,
        call.Body.Index.Stream,
        call.OutputLimit,
        attempt.Candidate.Model.MaxOutputTokens,
        call.ReceiptId,
        attempt.Candidate.Channel.Preset.OutputLimitField,
        attempt.Candidate.Channel.Preset.StreamOptions);
}
