using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers;

/// <summary>Lets a client of one API be answered by an upstream of another: its requests are rewritten one way, the answers the other way.</summary>
/// <remarks>
/// Stateless and shared; what a stream needs is in its own <see cref="IStreamTranslator"/>. Pure: bytes in, bytes out. Numbers that are charged
/// (usage) come through exactly; what the other API has no word for is refused in a request and left out of an answer.
/// </remarks>
public abstract class ApiTranslation
{
    /// <summary>The translation for this request, where its answer depends on what the client asked for; most translate every request alike.</summary>
    /// <param name="body">The client's request, which was read as JSON before.</param>
    public virtual ApiTranslation For(ReadOnlySpan<byte> body) => this;

    /// <summary>Writes the upstream's request.</summary>
    /// <param name="index">The client's request.</param>
    /// <param name="body">Its bytes; <paramref name="index"/> is of them.</param>
    /// <param name="target">What the upstream is asked for.</param>
    /// <param name="output">Receives the request; undefined if false.</param>
    /// <param name="error">Why it cannot be written: the field that the upstream's API has no word for.</param>
    public abstract bool TryWriteRequest(RequestIndex index, ReadOnlySpan<byte> body, in TranslationTarget target, IBufferWriter<byte> output, out BodyError error);

    /// <summary>Writes the client's answer from the upstream's; false if that is no answer of its API.</summary>
    public abstract bool TryWriteAnswer(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output);

    /// <summary>Writes the client's error from the upstream's (a 400, 404, 413 or 422): its message, in the client's shape. False if it has none to tell.</summary>
    public abstract bool TryWriteError(ReadOnlySpan<byte> error, int status, IBufferWriter<byte> output);

    /// <summary>A translator for one stream.</summary>
    public abstract IStreamTranslator Translate(TranslationTarget target);
}

/// <summary>What a translated call asks of its upstream.</summary>
/// <param name="UpstreamModel">The model as the upstream knows it.</param>
/// <param name="Stream">Whether a stream is asked for.</param>
/// <param name="OutputLimit">The output limit that the gateway sets, which may not be exceeded; <c>null</c>: the client's own. Unit: tokens.</param>
/// <param name="DefaultOutputLimit">What an API that demands a limit gets where neither client nor gateway set one: the model's own. Unit: tokens.</param>
/// <param name="ReceiptId">The call's receipt: seed for ids that the client's API demands and the upstream's does not give.</param>
/// <param name="LimitField">Where an upstream of OpenAI's API expects the output limit (<see cref="ProviderPreset.OutputLimitField"/>).</param>
/// <param name="StreamOptions">Whether an upstream of OpenAI's API takes <c>stream_options</c> (<see cref="ProviderPreset.StreamOptions"/>).</param>
public readonly record struct TranslationTarget(
    string UpstreamModel,
    bool Stream,
    long? OutputLimit,
    long DefaultOutputLimit,
    string ReceiptId,
    OutputLimitField LimitField = OutputLimitField.MaxTokens,
    bool StreamOptions = true);

/// <summary>Turns one API's stream of events into another's. One for each stream; not thread-safe; its memory is bounded.</summary>
/// <remarks>
/// The same bytes give the same events however they are split. An error event of the upstream becomes an error event of the client's API.
/// Usage comes through in an event that the client's <see cref="AnswerFormat"/> reads.
/// </remarks>
public interface IStreamTranslator : IDisposable
{
    /// <summary>Takes bytes and writes the events that they complete; false if they cannot be read: the stream is broken.</summary>
    bool TryTranslate(ReadOnlySpan<byte> incoming, IBufferWriter<byte> output);

    /// <summary>Says that the upstream has ended. A stream that did not come to its own end stays without one: nothing is made up.</summary>
    void Complete(IBufferWriter<byte> output);
}
