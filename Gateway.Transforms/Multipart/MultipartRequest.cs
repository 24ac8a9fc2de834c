using System.Text;
using System.Text.Unicode;
using Gateway.Transforms.Audio;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Multipart;

/// <summary>A request whose body is <c>multipart/form-data</c>: what the gateway reads of it, and where that stands. All else is forwarded as it is.</summary>
/// <remarks>Fields: https://platform.openai.com/docs/api-reference/audio/createTranscription</remarks>
public sealed class MultipartRequest
{
    private const string NameMistake = "must be 1 to 256 characters of UTF-8 without control characters or spaces around them.";

    private readonly List<MultipartPart> _parts = new(8);

    private MultipartRequest(ReadOnlyMemory<byte> body) => Body = body;

    /// <summary>The body that was read.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>All parts, in their order: at most 64.</summary>
    public IReadOnlyList<MultipartPart> Parts => _parts;

    /// <summary>The requested model: 1 to 256 characters.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Where <see cref="Model"/> stands, without anything around it.</summary>
    public ByteRange ModelValue { get; private set; }

    /// <summary>The <c>provider</c> of the Token Wallet dialect; <c>null</c>: there is none.</summary>
    public string? Provider { get; private set; }

    /// <summary>The whole part of <c>provider</c>, to be removed.</summary>
    public ByteRange ProviderPart { get; private set; }

    /// <summary>Whether the client asked for a stream of events.</summary>
    public bool Stream { get; private set; }

    /// <summary>Where <see cref="Stream"/> stands.</summary>
    public ByteRange StreamValue { get; private set; }

    /// <summary>How the answer is to be written, for example <c>verbose_json</c>; <c>null</c>: as the upstream likes.</summary>
    public string? ResponseFormat { get; private set; }

    /// <summary>The language of the sound; <c>null</c>: not said.</summary>
    public string? Language { get; private set; }

    /// <summary>The text that guides the transcription: it counts as prompt. UTF-8, as it is.</summary>
    public ByteRange Prompt { get; private set; }

    /// <summary>The file: not empty.</summary>
    public ByteRange File { get; private set; }

    /// <summary>The file's name as the client sent it; <c>null</c>: none.</summary>
    public string? FileName { get; private set; }

    /// <summary>How long the file's sound is.</summary>
    public AudioLength Length { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="contentType">The request's <c>Content-Type</c>.</param>
    /// <param name="error">Why it is refused.</param>
    /// <returns>The request; <c>null</c>: it is refused.</returns>
    public static MultipartRequest? TryRead(ReadOnlyMemory<byte> body, string? contentType, out BodyError error)
    {
        if (MultipartBoundary.TryRead(contentType, out error) is not { } delimiter)
            return null;

        var request = new MultipartRequest(body);
        if (MultipartReader.Read(body.Span, delimiter, request._parts) is { } mistake)
            error = new BodyError(BodyFault.NotMultipart, Field: null, mistake);
        else
            error = request.ReadFields();
        return error.Fault is BodyFault.None ? request : null;
    }

    private BodyError ReadFields()
    {
        var seen = Fields.None;
        foreach (var part in _parts)
        {
            var field = FieldOf(part.Name);
            if (field is Fields.None)
                continue;
            if ((seen & field) is not Fields.None)
                return Invalid(part.Name, "stands twice in the body. Send it once.");

            seen |= field;
            if (field is not Fields.File && part.FileName is not null)
                return Invalid(part.Name, "must be text, not a file.");
            if (Take(field, part) is { } mistake)
                return Invalid(part.Name, mistake);
        }

        if ((seen & Fields.Model) is Fields.None)
            return Invalid("model", "is missing. Name the model to call.");
        if ((seen & Fields.File) is Fields.None)
            return Invalid("file", "is missing. Send the sound as a file.");
        Length = AudioLength.Of(File.Of(Body.Span));
        return default;
    }

    private string? Take(Fields field, in MultipartPart part)
    {
        var bytes = part.Value.Of(Body.Span);
        switch (field)
        {
            case Fields.Model:
                (Model, ModelValue) = (Name(bytes), part.Value);
                return Model.Length > 0 ? null : NameMistake;
            case Fields.Provider:
                (Provider, ProviderPart) = (Name(bytes), part.Whole);
                return Provider.Length > 0 ? null : NameMistake;
            case Fields.Stream:
                StreamValue = part.Value;
                Stream = Ascii.EqualsIgnoreCase(bytes, "true");
                return Stream || Ascii.EqualsIgnoreCase(bytes, "false") ? null : "must be true or false.";
            case Fields.ResponseFormat:
                ResponseFormat = Name(bytes);
                return ResponseFormat.Length > 0 ? null : NameMistake;
            case Fields.Language:
                Language = Name(bytes);
                return Language.Length > 0 ? null : NameMistake;
            case Fields.Prompt:
                Prompt = part.Value;
                return Utf8.IsValid(bytes) ? null : "must be UTF-8.";
            case Fields.File:
                (File, FileName) = (part.Value, part.FileName);
                return bytes.Length > 0 ? null : "is empty. Send the sound.";
            default:
                return null;
        }
    }

    // Spaces around a name are cut by some readers and not by others.
    private static string Name(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > RequestIndex.MaxNameLength * 4 || !Utf8.IsValid(bytes))
            return "";

        var name = Encoding.UTF8.GetString(bytes);
        return name.Length <= RequestIndex.MaxNameLength && !name.Any(char.IsControl) && name.AsSpan().Trim().Length == name.Length ? name : "";
    }

    private static BodyError Invalid(string field, string mistake) => new(BodyFault.InvalidField, field, $"{field} {mistake}");

    private static Fields FieldOf(string name) => name switch
    {
        "model" => Fields.Model,
        "provider" => Fields.Provider,
        "stream" => Fields.Stream,
        "response_format" => Fields.ResponseFormat,
        "language" => Fields.Language,
        "prompt" => Fields.Prompt,
        "temperature" => Fields.Temperature,
        "file" => Fields.File,
        _ => Fields.None,
    };

    [Flags]
    private enum Fields
    {
        None = 0,
        Model = 1,
        Provider = 2,
        Stream = 4,
        ResponseFormat = 8,
        Language = 16,
        Prompt = 32,
        Temperature = 64,
        File = 128,
    }
}
