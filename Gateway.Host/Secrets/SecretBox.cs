using System.Security.Cryptography;
using System.Text;

namespace Gateway.Host.Secrets;

/// <summary>Seals secrets that must be read again, such as upstream credentials: AES-256-GCM, bound to the row that holds them.</summary>
internal sealed class SecretBox(MasterKeys masterKeys)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly IReadOnlyList<(string Version, byte[] Key)> keys = masterKeys.Derive("gateway/secret-box");

    /// <summary>Seals under the current key: <c>v…:base64(nonce ‖ tag ‖ ciphertext)</c>.</summary>
    public string Seal(string plaintext, string rowId)
    {
        var (version, key) = keys[0];
        var bytes = Encoding.UTF8.GetBytes(plaintext);
        var sealedBytes = new byte[NonceBytes + TagBytes + bytes.Length];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);

        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, bytes, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(rowId));
        return $"{version}:{Convert.ToBase64String(sealedBytes)}";
    }

    /// <summary>Opens what was sealed for this row under the current or a previous key.</summary>
    /// <exception cref="CryptographicException">Sealed for another row, changed, or under a master key that is not configured.</exception>
    public string Open(string sealedText, string rowId)
    {
        var colon = sealedText.IndexOf(':', StringComparison.Ordinal);
        var version = colon < 0 ? "" : sealedText[..colon];
        var match = keys.FirstOrDefault(key => string.Equals(key.Version, version, StringComparison.Ordinal));
        if (match.Key is null)
            throw new CryptographicException($"The secret of {rowId} was sealed under a master key that is not configured: add it to Gateway__PreviousMasterKeys.");

        var sealedBytes = new byte[sealedText.Length];
        if (!Convert.TryFromBase64String(sealedText[(colon + 1)..], sealedBytes, out var length) || length < NonceBytes + TagBytes)
            throw new CryptographicException($"The secret of {rowId} is not in the form that it was sealed in.");

        var plaintext = new byte[length - NonceBytes - TagBytes];
        using var aes = new AesGcm(match.Key, TagBytes);
        aes.Decrypt(
            sealedBytes.AsSpan(0, NonceBytes),
            sealedBytes.AsSpan(NonceBytes + TagBytes, plaintext.Length),
            sealedBytes.AsSpan(NonceBytes, TagBytes),
            plaintext,
            Encoding.UTF8.GetBytes(rowId));
        return Encoding.UTF8.GetString(plaintext);
    }
}
