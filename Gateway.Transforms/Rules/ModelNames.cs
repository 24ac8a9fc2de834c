namespace Gateway.Transforms.Rules;

/// <summary>What a model or provider may be called in the configuration of a rule.</summary>
internal static class ModelNames
{
    public const string Message = "must be 1 to 256 characters of printable ASCII without spaces, quotation marks or stars.";

    private const int MaxLength = 256;

    public static bool IsName(string? text) =>
        text is { Length: > 0 and <= MaxLength } && !text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.AsSpan().ContainsAny('"', '\\', '*');
}
