using System.Security.Cryptography;

namespace Gateway.Host.Keys;

/// <summary>Makes keys and tells a mistyped one from an unknown one without a look-up: <c>tw_</c> or <c>tw_api_</c>, 30 random base62 characters, 6 of CRC-32.</summary>
/// <remarks>The checksum covers everything before it, as GitHub's tokens do: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/.</remarks>
internal static class ApiKeyFormat
{
    /// <summary>Begins a key that calls models.</summary>
    public const string InferencePrefix = "tw_";

    /// <summary>Begins a key that calls <c>/api</c>.</summary>
    public const string ManagementPrefix = "tw_api_";

    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomCharacters = 30;
    private const int ChecksumCharacters = 6;

    /// <summary>A new <c>tw_…</c> key.</summary>
    public static string NewInferenceKey() => New(InferencePrefix);

    /// <summary>A new <c>tw_api_…</c> key.</summary>
    public static string NewManagementKey() => New(ManagementPrefix);

    /// <summary>Whether the token has the shape of a key and its checksum fits.</summary>
    public static bool HasValidChecksum(ReadOnlySpan<char> token)
    {
        var prefix = token.StartsWith(ManagementPrefix, StringComparison.Ordinal) && token.Length == Length(ManagementPrefix)
            ? ManagementPrefix
            : InferencePrefix;
        if (token.Length != Length(prefix) || !token.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        if (token[prefix.Length..].ContainsAnyExcept(Base62))
            return false;

        Span<char> expected = stackalloc char[ChecksumCharacters];
        WriteChecksum(token[..^ChecksumCharacters], expected);
        return token[^ChecksumCharacters..].SequenceEqual(expected);
    }

    private static int Length(string prefix) => prefix.Length + RandomCharacters + ChecksumCharacters;

    private static string New(string prefix) => string.Create(Length(prefix), prefix, static (key, prefix) =>
    {
        prefix.CopyTo(key);
        RandomNumberGenerator.GetItems(Base62, key.Slice(prefix.Length, RandomCharacters));
        WriteChecksum(key[..^ChecksumCharacters], key[^ChecksumCharacters..]);
    });

    private static void WriteChecksum(ReadOnlySpan<char> text, Span<char> destination)
    {
        // 62^6 is 5.7e10, so 32 bits always fit.
        var checksum = Crc32.Compute(text);
        for (var i = ChecksumCharacters - 1; i >= 0; i--)
        {
            destination[i] = Base62[(int)(checksum % 62)];
            checksum /= 62;
        }
    }
}
