using System.Text;
using Gateway.Transforms.Bodies;
using Microsoft.Net.Http.Headers;

namespace Gateway.Transforms.Multipart;

/// <summary>The line that parts a <c>multipart/form-data</c> body, as its content type names it.</summary>
internal static class MultipartBoundary
{
    // RFC 2046, section 5.1.1.
    private const int MaxLength = 70;
    private const string Characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ";

    /// <summary>The line feed that ends the line before, two dashes and the boundary; <c>null</c>: the content type is another, or damaged.</summary>
    public static byte[]? TryRead(string? contentType, out BodyError error)
    {
        error = default;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            error = new BodyError(BodyFault.NotMultipart, Field: null, "The content type must be multipart/form-data with a boundary.");
            return null;
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        var isOne = boundary.Length is > 0 and <= MaxLength && boundary[^1] != ' ' && !boundary.AsSpan().ContainsAnyExcept(Characters);

        // Two boundaries: another reader may take the other one.
        if (isOne && type.Parameters.Count(static parameter => parameter.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase)) == 1)
            return Encoding.ASCII.GetBytes($"\n--{boundary}");

        error = new BodyError(BodyFault.NotMultipart, Field: null, "The content type must name one boundary of 1 to 70 characters (RFC 2046, section 5.1.1).");
        return null;
    }
}
