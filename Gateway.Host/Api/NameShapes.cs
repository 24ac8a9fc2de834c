namespace Gateway.Host.Api;

/// <summary>Shapes of names that several resources share.</summary>
internal static class NameShapes
{
    public const string ProviderMessage = "must be 1 to 64 lower-case letters, digits, '-', '_' or '.', and begin with a letter or digit.";
    public const string ModelMessage = "must be 1 to 200 characters of printable ASCII without spaces or quotation marks.";
    public const string WorkspaceMessage = "must be ws_ and 1 to 64 letters, digits, '-' or '_'.";
    public const string CurrencyMessage = "must be 3 to 12 capital letters.";
    public const string TagMessage = "must be 1 to 64 letters, digits, '-', '_', '.' or ':'.";

    private const string Lower = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static bool ProviderName(string? text) =>
        text is { Length: >= 1 and <= 64 } && Lower.Contains(text[0], StringComparison.Ordinal) && !text.AsSpan().ContainsAnyExcept(Lower + "-_.");

    public static bool ModelName(string? text) =>
        text is { Length: >= 1 and <= 200 } && !text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.AsSpan().ContainsAny('"', '\\', '*');

    public static bool WorkspaceId(string? text) =>
        text is { Length: >= 4 and <= 67 } && text.StartsWith("ws_", StringComparison.Ordinal) && !text.AsSpan(3).ContainsAnyExcept(Letters + "-_");

    public static bool Currency(string? text) => text is { Length: >= 3 and <= 12 } && !text.AsSpan().ContainsAnyExceptInRange('A', 'Z');

    public static bool Tag(string? text) => text is { Length: >= 1 and <= 64 } && !text.AsSpan().ContainsAnyExcept(Letters + "-_.:");

    public static bool Id(string? text) => text is { Length: >= 1 and <= 100 } && !text.AsSpan().ContainsAnyExcept(Letters + "-_");

    /// <summary>No control characters and no halves of surrogate pairs.</summary>
    public static bool Printable(string? text)
    {
        if (text is null)
            return true;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                return false;
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
                return false;
        }

        return true;
    }
}
