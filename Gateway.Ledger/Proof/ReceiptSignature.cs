using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.Ledger.Proof;

/// <summary>The text <c>ES256:&lt;key id&gt;:&lt;base64url of r ‖ s&gt;</c> in a receipt. It signs the document's own bytes with <c>null</c> where the text stands.</summary>
internal static class ReceiptSignature
{
    private const string Algorithm = "ES256";

    /// <summary>Signs a whole document that ends with <c>"signature":null}</c>.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> document, ReceiptKeys keys)
    {
        var signature = keys.Sign(SHA256.HashData(document));
        return [.. document[..^"null}"u8.Length], .. Encoding.ASCII.GetBytes($"\"{Algorithm}:{keys.CurrentId}:{Base64Url.EncodeToString(signature)}\""), (byte)'}'];
    }

    /// <summary>What was signed, and the signature's parts.</summary>
    /// <returns><c>false</c>: the document has no signature; <paramref name="mistake"/> says in words why.</returns>
    /// <exception cref="JsonException">The document is not JSON.</exception>
    public static bool TryRead(
        ReadOnlySpan<byte> document, out byte[] hash, [NotNullWhen(true)] out string? keyId, out byte[] signature, [NotNullWhen(false)] out string? mistake)
    {
        (hash, keyId, signature, mistake) = ([], null, [], null);
        if (!TryFind(document, out var start, out var end, out var text))
        {
            mistake = "it has no signature: it is not in the book yet, or comes from a gateway that does not sign";
            return false;
        }

        var parts = text.Split(':');
        if (parts.Length != 3 || !string.Equals(parts[0], Algorithm, StringComparison.Ordinal) || !Base64Url.IsValid(parts[2]))
        {
            mistake = $"its signature is not of the form {Algorithm}:<key id>:<base64url>";
            return false;
        }

        hash = SHA256.HashData([.. document[..start], .. "null"u8, .. document[end..]]);
        keyId = parts[1];
        signature = Base64Url.DecodeFromChars(parts[2]);
        return true;
    }

    private static bool TryFind(ReadOnlySpan<byte> document, out int start, out int end, out string text)
    {
        (start, end, text) = (0, 0, "");
        var reader = new Utf8JsonReader(document);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1 || !reader.ValueTextEquals("signature"u8))
                continue;

            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
                (start, end, text) = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed, reader.GetString() ?? "");
        }

        return end > 0;
    }
}
