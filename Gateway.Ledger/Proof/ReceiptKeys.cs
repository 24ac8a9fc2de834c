using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Gateway.Ledger.Proof;

/// <summary>The keys that sign receipts, blocks and daily roots: ECDSA over P-256 with SHA-256 (<c>ES256</c>). The first one signs, all of them verify.</summary>
public sealed class ReceiptKeys : IDisposable
{
    private readonly ReceiptKey[] keys;

    private ReceiptKeys(ReceiptKey[] keys) => this.keys = keys;

    /// <summary>Whether there is a private key to sign with: not so when the keys were read from a file.</summary>
    public bool CanSign => keys.Length > 0 && keys[0].IsPrivate;

    /// <summary>The id (RFC 7638 thumbprint) of the key that signs.</summary>
    public string CurrentId => keys[0].Id;

    /// <summary>The same seeds give the same keys on every gateway of an installation.</summary>
    /// <param name="seeds">32 secret bytes each, derived from the master keys: the current one first, then those that only verify.</param>
    public static ReceiptKeys Derive(IEnumerable<byte[]> seeds) => new([.. seeds.Select(ReceiptKey.Derive)]);

    /// <summary>Reads a JSON Web Key Set as <see cref="WriteKeySet"/> writes it; keys of another kind are passed over.</summary>
    /// <returns><c>false</c>: it is not a key set, or has no usable key.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> keySet, [NotNullWhen(true)] out ReceiptKeys? keys)
    {
        keys = null;
        try
        {
            using var json = JsonDocument.Parse(keySet);
            var found = json.RootElement.GetProperty("keys").EnumerateArray().Select(ReceiptKey.Read).OfType<ReceiptKey>().ToArray();
            keys = found.Length > 0 ? new ReceiptKeys(found) : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }

        return keys is not null;
    }

    /// <summary>The public halves as a JSON Web Key Set (RFC 7517): one object.</summary>
    public void WriteKeySet(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("keys");
        foreach (var key in keys)
            key.Write(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in keys)
            key.Dispose();
    }

    /// <summary>Signs a SHA-256 hash; 64 bytes, r ‖ s.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> hash) => keys[0].Sign(hash);

    /// <summary>Whether the signature is that key's; <c>null</c>: the key is not known.</summary>
    internal bool? Verify(string keyId, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        var key = Array.Find(keys, key => string.Equals(key.Id, keyId, StringComparison.Ordinal));
        return key?.Verify(hash, signature);
    }
}

/// <summary>One key pair, or the public half of one.</summary>
internal sealed class ReceiptKey : IDisposable
{
    private const int FieldBytes = 32;

    // n of P-256 (SEC 2, 2.4.2): a private key is from 1 to n - 1.
    private static readonly byte[] Order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    // An ECDsa is not safe for several threads at once.
    private readonly Lock turn = new();
    private readonly ECDsa algorithm;
    private readonly ECPoint point;

    private ReceiptKey(ECDsa algorithm, bool isPrivate)
    {
        this.algorithm = algorithm;
        IsPrivate = isPrivate;
        point = algorithm.ExportParameters(includePrivateParameters: false).Q;
        Id = Base64Url.EncodeToString(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(
            $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""")));
    }

    public string Id { get; }

    public bool IsPrivate { get; }

    public static ReceiptKey Derive(byte[] seed)
    {
        // One draw in four thousand million is not below the order; the next one then is.
        for (byte draw = 0; ; draw++)
        {
            var candidate = HKDF.Expand(HashAlgorithmName.SHA256, seed, FieldBytes, [.. "gateway/receipt-key/p256/"u8, draw]);
            if (candidate.AsSpan().ContainsAnyExcept((byte)0) && candidate.AsSpan().SequenceCompareTo(Order) < 0)
                return new ReceiptKey(ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = candidate }), isPrivate: true);
        }
    }

    /// <summary>A public key of a key set; <c>null</c>: of another kind, or not a point of the curve.</summary>
    public static ReceiptKey? Read(JsonElement key)
    {
        if (Text(key, "kty") is not "EC" || Text(key, "crv") is not "P-256")
            return null;

        try
        {
            var coordinates = new ECPoint { X = Base64Url.DecodeFromChars(Text(key, "x")), Y = Base64Url.DecodeFromChars(Text(key, "y")) };
            return new ReceiptKey(ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = coordinates }), isPrivate: false);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("kty", "EC");
        json.WriteString("crv", "P-256");
        json.WriteString("x", Base64Url.EncodeToString(point.X));
        json.WriteString("y", Base64Url.EncodeToString(point.Y));
        json.WriteString("kid", Id);
        json.WriteString("alg", "ES256");
        json.WriteString("use", "sig");
        json.WriteEndObject();
    }

    public byte[] Sign(ReadOnlySpan<byte> hash)
    {
        lock (turn)
            return algorithm.SignHash(hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        lock (turn)
            return algorithm.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public void Dispose() => algorithm.Dispose();

    private static string? Text(JsonElement key, string name) =>
        key.ValueKind == JsonValueKind.Object && key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
