using System.Security.Cryptography;
using System.Text;
using Gateway.Host.Secrets;

namespace Gateway.Host.Keys;

/// <summary>What is stored of a key: HMAC-SHA256 under a pepper that is outside the book. The key's 178 random bits need no slow hash.</summary>
internal sealed class KeyHasher(MasterKeys masterKeys)
{
    private const int StackCharacters = 1024;

    private readonly IReadOnlyList<(string Version, byte[] Key)> peppers = masterKeys.Derive("gateway/key-pepper");

    /// <summary>The MAC under the current pepper: <c>v&lt;fingerprint&gt;:&lt;hex&gt;</c>.</summary>
    public string Mac(string token) => Mac(token, peppers[0]);

    /// <summary>The MACs under the peppers before it, newest first; empty without a rotation.</summary>
    public IEnumerable<string> PreviousMacs(string token) => peppers.Skip(1).Select(pepper => Mac(token, pepper));

    private static string Mac(string token, (string Version, byte[] Key) pepper)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (token.Length <= StackCharacters / 3)
        {
            Span<byte> bytes = stackalloc byte[StackCharacters];
            HMACSHA256.HashData(pepper.Key, bytes[..Encoding.UTF8.GetBytes(token, bytes)], hash);
        }
        else
        {
            HMACSHA256.HashData(pepper.Key, Encoding.UTF8.GetBytes(token), hash);
        }

        Span<char> hex = stackalloc char[2 * HMACSHA256.HashSizeInBytes];
        Convert.TryToHexStringLower(hash, hex, out _);
        return string.Concat(pepper.Version, ":", hex);
    }
}
