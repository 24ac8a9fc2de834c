using System.Text.Json;
using System.Text.Unicode;

namespace Gateway.Transforms.Bodies;

/// <summary>Where the members that the gateway reads stand in an OpenAI-shaped request, and what they say. One forward scan, no DOM.</summary>
/// <remarks>
/// What could make upstream read another body than was priced (duplicate keys, bad UTF-8, lone surrogates) is refused, so that the
/// accepted bytes can be forwarded as they are. Reusable, not thread-safe; ranges are offsets in <see cref="Body"/>, absent ones <c>default</c>.
/// </remarks>
public sealed partial class RequestIndex
{
    /// <summary>Deepest nesting of arrays and objects.</summary>
    public const int MaxDepth = 64;

    /// <summary>Most keys in all objects of a body together.</summary>
    public const int MaxKeys = 20_000;

    /// <summary>Most messages, items or prompts of a batch.</summary>
    public const int MaxMessages = 2_048;

    /// <summary>Most tools.</summary>
    public const int MaxTools = 512;

    /// <summary>Largest <c>n</c>; of images, 10.</summary>
    public const int MaxN = 16;

    /// <summary>Longest model or provider name. Unit: UTF-16 code units.</summary>
    public const int MaxNameLength = 256;

    /// <summary>The API that the body is of: which members count, and what the prompt is. Set it before <see cref="TryRead"/>. Default: chat completions.</summary>
    public CallKind Kind
    {
        get;
        set
        {
            field = value;
            _shape = RequestShape.Of(value);
        }
    } = CallKind.Chat;

    /// <summary>The body that was read.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>The requested model, decoded: 1 to 256 characters.</summary>
    public string Model { get; private set; } = "";

    /// <summary>The <c>provider</c> of the Token Wallet dialect; null if it is absent or no string.</summary>
    public string? Provider { get; private set; }

    /// <summary>True if <c>provider</c> is a string. Any other <c>provider</c> belongs to upstream and is left alone.</summary>
    public bool ProviderIsString => Provider is not null;

    /// <summary>True if the client asked for a stream, and the API has streams.</summary>
    public bool Stream { get; private set; }

    /// <summary>True if <c>stream_options</c> is present, also as null.</summary>
    public bool HasStreamOptions => StreamOptionsValue.IsPresent;

    /// <summary>True if the client asked for usage in its stream.</summary>
    public bool IncludeUsage { get; private set; }

    /// <summary>The client's <c>max_tokens</c>: 1 to 2^31-1, or null. Unit: tokens.</summary>
    public long? MaxTokens { get; private set; }

    /// <summary>The client's <c>max_completion_tokens</c>: 1 to 2^31-1, or null. Unit: tokens.</summary>
    public long? MaxCompletionTokens { get; private set; }

    /// <summary>Answers asked for: 1 to 16. Default: 1.</summary>
    public int N { get; private set; } = 1;

    /// <summary>Tools in the request.</summary>
    public int ToolCount { get; private set; }

    /// <summary>The raw value of <c>model</c>, quotes included.</summary>
    public ByteRange ModelValue { get; private set; }

    /// <summary>The raw value of <c>provider</c>.</summary>
    public ByteRange ProviderValue { get; private set; }

    /// <summary>All bytes to remove with <c>provider</c>: key, value and one comma.</summary>
    public ByteRange ProviderMember { get; private set; }

    /// <summary>The raw value of <c>stream</c>.</summary>
    public ByteRange StreamValue { get; private set; }

    /// <summary>The raw value of <c>stream_options</c>: an object or null.</summary>
    public ByteRange StreamOptionsValue { get; private set; }

    /// <summary>All bytes to remove with <c>stream_options</c>: key, value and one comma.</summary>
    public ByteRange StreamOptionsMember { get; private set; }

    /// <summary>The raw value of <c>stream_options.include_usage</c>.</summary>
    public ByteRange IncludeUsageValue { get; private set; }

    /// <summary>Behind the last value inside <c>stream_options</c>; 0 if it has none.</summary>
    public int StreamOptionsAfterLastMember { get; private set; }

    /// <summary>The raw value of <c>max_tokens</c>.</summary>
    public ByteRange MaxTokensValue { get; private set; }

    /// <summary>The raw value of <c>max_completion_tokens</c>.</summary>
    public ByteRange MaxCompletionTokensValue { get; private set; }

    /// <summary>The raw value of <c>n</c>.</summary>
    public ByteRange NValue { get; private set; }

    /// <summary>The raw value of <c>messages</c>, brackets included.</summary>
    public ByteRange MessagesValue { get; private set; }

    /// <summary>The raw value of <c>tools</c>, brackets included.</summary>
    public ByteRange ToolsValue { get; private set; }

    /// <summary>The raw value of <c>user</c>.</summary>
    public ByteRange UserValue { get; private set; }

    /// <summary>The offset just behind the opening brace.</summary>
    public int AfterOpeningBrace { get; private set; }

    /// <summary>The offset just behind the last value: insert <c>,"name":value</c> here.</summary>
    public int AfterLastMember { get; private set; }

    /// <summary>The offset of the closing brace.</summary>
    public int ClosingBrace { get; private set; }

    /// <summary>True if the object has no member. Never true for an accepted body, which has a model.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>Reads a body. False if it is refused; <paramref name="error"/> then says why and what to do.</summary>
    public bool TryRead(ReadOnlyMemory<byte> body, out BodyError error)
    {
        Reset();
        Body = body;
        error = Read(body.Span);
        if (error.Fault is BodyFault.None)
        {
            return true;
        }

        Reset();
        return false;
    }

    /// <summary>Forgets the body, so that the index can wait in a pool without holding memory.</summary>
    public void Reset()
    {
        Multipart = null;
        Body = default;
        Model = "";
        Provider = null;
        Stream = IncludeUsage = IsEmpty = false;
        MaxTokens = MaxCompletionTokens = null;
        N = 1;
        ToolCount = 0;
        ModelValue = ProviderValue = ProviderMember = StreamValue = StreamOptionsValue = StreamOptionsMember = IncludeUsageValue = default;
        MaxTokensValue = MaxCompletionTokensValue = NValue = MessagesValue = ToolsValue = UserValue = default;
        StreamOptionsAfterLastMember = AfterOpeningBrace = AfterLastMember = ClosingBrace = 0;
        _member = RequestMember.Other;
        _memberCount = _memberStart = _valueStart = _previousEnd = 0;
        _inIncludeUsage = false;
        _fieldError = default;
        ResetKinds();
    }

    private BodyError Read(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return new BodyError(BodyFault.NotJson, Field: null, "The body is empty. Send a JSON object.");
        }

        if (!Utf8.IsValid(body))
        {
            return new BodyError(BodyFault.InvalidUtf8, Field: null, "The body is not valid UTF-8. Encode it as UTF-8.");
        }

        var keys = new KeySet(body);
        try
        {
            // One level deeper than allowed, so that the scan meets a body that is too deep before the reader throws.
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
            var error = Scan(body, ref reader, ref keys);
            return error.Fault is BodyFault.None ? FieldFault() : error;
        }
        catch (JsonException invalid)
        {
            var message = $"The body is not valid JSON at line {invalid.LineNumber + 1}, byte {invalid.BytePositionInLine + 1}. Send one JSON object.";
            return new BodyError(BodyFault.NotJson, Field: null, message);
        }
        finally
        {
            keys.Dispose();
        }
    }

    private BodyError FieldFault()
    {
        if (_fieldError.Fault is not BodyFault.None)
        {
            return _fieldError;
        }

        if (!ModelValue.IsPresent)
        {
            return new BodyError(BodyFault.InvalidField, "model", "model is missing. Name the model to call.");
        }

        return MissingPrompt();
    }
}
