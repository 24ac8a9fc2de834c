using System.Net.Http.Headers;

namespace Gateway.Transforms.Yarp;

/// <summary>The one place that sets headers of requests to upstreams.</summary>
/// <remarks><c>TryAddWithoutValidation</c> lets line breaks through, and so would let a value write headers of its own: every value is checked here.</remarks>
public static class UpstreamHeaders
{
    /// <summary>Sets a header.</summary>
    /// <exception cref="InvalidOperationException">The name or the value is not printable ASCII: it should have been refused where it was read.</exception>
    public static void Add(HttpRequestHeaders headers, string name, string value)
    {
        if (!IsSafe(name) || !IsSafe(value))
            throw new InvalidOperationException($"The header {name} cannot be sent: it is not printable ASCII.");

        headers.Remove(name);
#pragma warning disable RS0030 // What it lets through was refused above, and this is the one place that may call it.
        headers.TryAddWithoutValidation(name, value);
#pragma warning restore RS0030
    }

    /// <summary>Whether the text can stand in a header: printable ASCII and spaces.</summary>
    public static bool IsSafe(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
