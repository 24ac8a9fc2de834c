using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The members beyond those of chat: of completions, responses, Anthropic's messages, images and speech.</content>
public sealed partial class RequestIndex
{
    private const string WholeNumber = "must be a whole number from 1 to 2147483647 written with digits only, or be left out";

    /// <summary>The raw value of <c>input</c>: of responses, embeddings, speech and moderations.</summary>
    public ByteRange InputValue { get; private set; }

    /// <summary>The raw value of <c>prompt</c>: of completions and images; of responses, the template that the provider keeps.</summary>
    public ByteRange PromptValue { get; private set; }

    /// <summary>The raw value of <c>instructions</c>: a string or null.</summary>
    public ByteRange InstructionsValue { get; private set; }

    /// <summary>The raw value of Anthropic's <c>system</c>: a string, an array of blocks or null.</summary>
    public ByteRange SystemValue { get; private set; }

    /// <summary>The client's <c>max_output_tokens</c>: 1 to 2^31-1, or null. Unit: tokens.</summary>
    public long? MaxOutputTokens { get; private set; }

    /// <summary>The raw value of <c>max_output_tokens</c>.</summary>
    public ByteRange MaxOutputTokensValue { get; private set; }

    /// <summary>The most output of one choice that the client's limits allow, whatever they are called; null: it set none. Unit: tokens.</summary>
    public long? OutputLimit =>
        (MaxTokens ?? MaxCompletionTokens ?? MaxOutputTokens) is null ? null : Math.Max(Math.Max(MaxTokens ?? 0, MaxCompletionTokens ?? 0), MaxOutputTokens ?? 0);

    /// <summary>Candidates of which the upstream returns the best <c>n</c>, all of them charged: 1 to 16. Default: 1.</summary>
    public int BestOf { get; private set; } = 1;

    /// <summary>Answers that are made, and charged, at most: <c>n</c> or <c>best_of</c>, for each prompt of the batch.</summary>
    public int Choices => Math.Max(N, BestOf) * Batch;

    /// <summary>The answer whose conversation goes on, decoded; null: a new one.</summary>
    public string? PreviousResponseId { get; private set; }

    /// <summary>Whether the provider is asked to keep the answer; null: its default, which is to keep it.</summary>
    public bool? Store { get; private set; }

    /// <summary>True if the prompt has a part that the provider keeps and the gateway cannot see: earlier answers, or a template.</summary>
    public bool HasHiddenPrompt => PreviousResponseId is not null || (_shape.PromptMember is RequestMember.Input && PromptValue.IsPresent);

    /// <summary>The quality of an image; null: the model's default.</summary>
    public string? Quality { get; private set; }

    /// <summary>The size of an image, for example <c>1024x1024</c>; null: the model's default.</summary>
    public string? Size { get; private set; }

    /// <summary>How speech is sent: <c>audio</c> or <c>sse</c>; null: <c>audio</c>.</summary>
    public string? StreamFormat { get; private set; }

    /// <summary>The format of an image, of speech or of a transcription; null: the model's default.</summary>
    public string? ResponseFormat { get; private set; }

    /// <summary>Whether the API has a member that limits the output.</summary>
    public bool HasOutputLimit => (_shape.Members & RequestMember.OutputLimits) is not RequestMember.Other;

    /// <summary>Whether the API's streams have usage only where the request asks for it (<c>stream_options.include_usage</c>).</summary>
    internal bool UsageIsOptional => (_shape.Members & RequestMember.StreamOptions) is not RequestMember.Other;

    private void ResetKinds()
    {
        InputValue = PromptValue = InstructionsValue = SystemValue = MaxOutputTokensValue = default;
        MaxOutputTokens = null;
        BestOf = 1;
        PreviousResponseId = Quality = Size = StreamFormat = ResponseFormat = null;
        Store = null;
        PromptShape = PromptShapes.None;
        _elements = 0;
        _elementShape = PromptShapes.None;
        _badElement = -1;
        _inTokenList = false;
        PromptNumbers = 0;
    }

    private void KindValue(ref Utf8JsonReader reader, ByteRange value, ReadOnlySpan<byte> raw)
    {
        var type = reader.TokenType;
        switch (_member)
        {
            case RequestMember.Input:
                InputValue = IsNull(type) ? default : value;
                break;
            case RequestMember.Prompt:
                PromptValue = IsNull(type) ? default : value;
                Expect(_shape.PromptMember is RequestMember.Prompt || IsNull(type) || type is JsonTokenType.EndObject, "prompt", "must be an object or null", raw);
                break;
            case RequestMember.Instructions:
                InstructionsValue = IsNull(type) ? default : value;
                Expect(type is JsonTokenType.String or JsonTokenType.Null, "instructions", "must be a string or null", raw);
                break;
            case RequestMember.System:
                SystemValue = IsNull(type) ? default : value;
                Expect(type is JsonTokenType.String or JsonTokenType.EndArray or JsonTokenType.Null, "system", "must be a string or an array of text blocks", raw);
                break;
            case RequestMember.MaxOutputTokens:
                MaxOutputTokensValue = value;
                MaxOutputTokens = ReadLimit(type, "max_output_tokens", raw);
                break;
            case RequestMember.BestOf:
                BestOf = ReadChoices(type, "best_of", MaxN, raw);
                break;
            case RequestMember.Store:
                Store = IsNull(type) ? null : type is JsonTokenType.True;
                Expect(IsSwitch(type), "store", "must be true, false or null", raw);
                break;
            case RequestMember.Background:
                Expect(IsSwitch(type), "background", "must be true, false or null", raw);
                Expect(type is not JsonTokenType.True, "background", "is not supported: nothing would meter an answer that nobody waits for. Leave it out", raw);
                break;
            case RequestMember.Conversation:
                Expect(IsNull(type), "conversation", "is not supported: it belongs to the provider's account, which tenants share. Send the items, or previous_response_id", raw);
                break;
            default:
                ReadName(ref reader, raw);
                break;
        }
    }

    private void ReadName(ref Utf8JsonReader reader, ReadOnlySpan<byte> raw)
    {
        switch (_member)
        {
            case RequestMember.PreviousResponseId:
                PreviousResponseId = ReadName(ref reader, "previous_response_id", raw);
                break;
            case RequestMember.Quality:
                Quality = ReadName(ref reader, "quality", raw);
                break;
            case RequestMember.Size:
                Size = ReadName(ref reader, "size", raw);
                break;
            case RequestMember.ResponseFormat:
                ResponseFormat = ReadName(ref reader, "response_format", raw);
                break;
            case RequestMember.StreamFormat:
                StreamFormat = ReadName(ref reader, "stream_format", raw);
                Stream = StreamFormat is "sse";
                Expect(StreamFormat is null or "sse" or "audio", "stream_format", "must be \"sse\" or \"audio\"", raw);
                break;
        }
    }

    private string? ReadName(ref Utf8JsonReader reader, string field, ReadOnlySpan<byte> raw)
    {
        if (IsNull(reader.TokenType))
            return null;

        var name = reader.TokenType is JsonTokenType.String && raw.Length is > 2 and <= LongestRawName ? reader.GetString() : null;
        Expect(name is { Length: <= MaxNameLength }, field, "must be a string of 1 to 256 characters, or null", raw);
        return name;
    }

    private static bool IsNull(JsonTokenType type) => type is JsonTokenType.Null;

    private static bool IsSwitch(JsonTokenType type) => type is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null;
}
