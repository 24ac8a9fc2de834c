using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>One <c>GenerateContentResponse</c>, a whole answer or an event of a stream: where things stand in it. Reusable, not thread-safe.</summary>
/// <remarks>https://github.com/googleapis/googleapis/blob/master/google/ai/generativelanguage/v1beta/generative_service.proto</remarks>
internal sealed partial class GeminiResponse
{
    /// <summary>More candidates than the API gives (8), so that a stream's memory is bounded.</summary>
    public const int MostCandidates = 16;

    // As deep as answers of OpenAI's API are read.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    private readonly List<GeminiCandidate> _candidates = [];
    private readonly List<GeminiPart> _parts = [];
    private GeminiUsage _usage;

    /// <summary>The candidates, in the order in which they stand.</summary>
    public List<GeminiCandidate> Candidates => _candidates;

    /// <summary>The parts of all candidates, in the order in which they stand.</summary>
    public List<GeminiPart> Parts => _parts;

    /// <summary>What usage says, of all responses that were read.</summary>
    public ref readonly GeminiUsage Usage => ref _usage;

    /// <summary>The raw <c>modelVersion</c>, quotes included.</summary>
    public ByteRange Model { get; private set; }

    /// <summary>The raw <c>responseId</c>, quotes included.</summary>
    public ByteRange Id { get; private set; }

    /// <summary>The raw <c>error</c>.</summary>
    public ByteRange Error { get; private set; }

    /// <summary>Whether the prompt was refused: then there is no candidate.</summary>
    public bool IsBlocked { get; private set; }

    /// <summary>Reads a response; false if it is not one JSON object of this API. What usage said before stands where this one says nothing.</summary>
    public bool TryRead(ReadOnlySpan<byte> json)
    {
        _candidates.Clear();
        _parts.Clear();
        Model = Id = Error = default;
        IsBlocked = false;
        if (!Utf8.IsValid(json))
            return false;

        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject || !TryReadRoot(ref reader))
                return false;
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool TryReadRoot(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (Is(reader, "candidates"u8))
            {
                if (!TryReadCandidates(ref reader))
                    return false;
            }
            else if (Is(reader, "usageMetadata"u8))
            {
                reader.Read();
                _usage.Read(ref reader);
            }
            else if (Is(reader, "promptFeedback"u8))
            {
                reader.Read();
                ReadFeedback(ref reader);
            }
            else if (Is(reader, "modelVersion"u8))
            {
                Model = ReadName(ref reader);
            }
            else if (Is(reader, "responseId"u8))
            {
                Id = ReadName(ref reader);
            }
            else if (Is(reader, "error"u8))
            {
                Error = ReadValue(ref reader, out var type);
                Error = type is JsonTokenType.Null ? default : Error;
            }
            else
            {
                ReadValue(ref reader, out _);
            }
        }

        return true;
    }

    private void ReadFeedback(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isReason = Is(reader, "blockReason"u8);
            ReadValue(ref reader, out var type);
            IsBlocked |= isReason && type is JsonTokenType.String;
        }
    }

    // The API's names are never spelled with escapes.
    private static bool Is(in Utf8JsonReader reader, ReadOnlySpan<byte> name) => !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual(name);

    private static ByteRange ReadValue(ref Utf8JsonReader reader, out JsonTokenType type)
    {
        reader.Read();
        type = reader.TokenType;
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return ByteRange.Between(start, (int)reader.BytesConsumed);
    }

    // A longer name is no name, and every chunk would carry it.
    private static ByteRange ReadName(ref Utf8JsonReader reader)
    {
        const int LongestName = 512;
        var value = ReadText(ref reader);
        return value.Length is > 2 and <= LongestName ? value : default;
    }

    private static ByteRange ReadText(ref Utf8JsonReader reader)
    {
        var value = ReadValue(ref reader, out var type);
        return type is JsonTokenType.String ? value : default;
    }
}
