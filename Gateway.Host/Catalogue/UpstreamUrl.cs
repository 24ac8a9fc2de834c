using Gateway.Transforms.Yarp;

namespace Gateway.Host.Catalogue;

/// <summary>What a channel's base URL and credential may look like.</summary>
internal static class UpstreamUrl
{
    private const int MostCharacters = 2048;

    /// <summary>Why the text is no base URL; <c>null</c>: it is one.</summary>
    public static string? Mistake(string? text, bool allowPrivateAddress)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MostCharacters)
            return $"must be a URL of 1 to {MostCharacters} characters.";
        if (text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.Contains('\\', StringComparison.Ordinal))
            return "must be printable ASCII without spaces or backslashes.";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            return "must begin with http:// or https:// and name a host.";
        if (url.UserInfo.Length > 0 || text.Contains('@', StringComparison.Ordinal))
            return "must not hold a user name or password.";
        if (url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?', StringComparison.Ordinal) || text.Contains('#', StringComparison.Ordinal))
            return "must not have a query or a fragment.";
        if (!allowPrivateAddress && PrivateAddress.IsPrivateHost(url))
            return "is a private or loopback address: set allowPrivateAddress to use it.";
        return null;
    }

    /// <summary>Whether the text can stand in a header: printable ASCII without spaces.</summary>
    public static bool IsHeaderSafe(string text) => !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
