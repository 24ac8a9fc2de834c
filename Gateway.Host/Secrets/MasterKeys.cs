using System.Security.Cryptography;
using System.Text;
using Gateway.Ledger.Proof;

namespace Gateway.Host.Secrets;

/// <summary>The master key in use and those before it. Nothing is encrypted with them directly: each purpose has a key of its own by HKDF-SHA256.</summary>
/// <param name="Current">32 bytes.</param>
/// <param name="Previous">32 bytes each; they only open.</param>
internal sealed record MasterKeys(byte[] Current, IReadOnlyList<byte[]> Previous)
{
    /// <summary>Length of a master key and of a derived key. Unit: bytes.</summary>
    public const int KeyBytes = 32;

    /// <summary>The keys of one purpose, the current one first, each with a version that names its master key without giving it away.</summary>
    public IReadOnlyList<(string Version, byte[] Key)> Derive(string purpose) =>
        [.. Previous.Prepend(Current).Select(master => (Version(master), Derive(master, purpose, KeyBytes)))];

    /// <summary>The keys that sign receipts: the same on every gateway with the same master key.</summary>
    public ReceiptKeys DeriveReceiptKeys() => ReceiptKeys.Derive(Derive("gateway/receipt-signing").Select(static key => key.Key));

    private static string Version(byte[] master) => string.Concat("v", Convert.ToHexStringLower(Derive(master, "gateway/version", 4)));

    private static byte[] Derive(byte[] master, string purpose, int length) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master, length, salt: null, info: Encoding.UTF8.GetBytes(purpose));
}
