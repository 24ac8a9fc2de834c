using System.Buffers;

namespace Gateway.Host;

/// <summary>Makes what an operator configured fit for a log line: no credential of an address, no line break, bounded.</summary>
internal static class SafeText
{
    private const string Unreadable = "(unreadable)";
    private const int MaxLength = 200;

    private static readonly SearchValues<char> InAddress = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:,/[]%");

    /// <summary>Hosts and ports. One that carries anything else, such as the <c>@</c> after a user's password, is not repeated.</summary>
    public static string Address(string text) => text.Length <= MaxLength && !text.AsSpan().ContainsAnyExcept(InAddress) ? text : Unreadable;

    /// <summary>A name, without control characters.</summary>
    public static string Name(string text) => text.Length <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? text : Unreadable;

    /// <summary>Scheme, host and port of a URL: user, path and query may hold credentials.</summary>
    public static string Origin(string url) => Uri.TryCreate(url, UriKind.Absolute, out var read) && read.Host.Length > 0
        ? read.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
        : Unreadable;
}
