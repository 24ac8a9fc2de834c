using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Why a request cannot be put into the other API's words.</summary>
internal static class Refusal
{
    /// <summary>The whole request can.</summary>
    public static BodyError None => default;

    /// <summary>A member cannot.</summary>
    /// <param name="field">The top-level member.</param>
    /// <param name="message">What is wrong and what to do.</param>
    public static BodyError Of(string field, string message) => new(BodyFault.InvalidField, field, message);

    /// <summary>A member has a value that the client's own API does not have either.</summary>
    public static BodyError Shape(string field, string demand, JsonPiece value) => Of(field, $"{demand}; it is {JsonText.Excerpt(value.Raw)}.");

    /// <summary>Whether something is refused.</summary>
    public static bool IsRefused(this BodyError error) => error.Fault is not BodyFault.None;
}
