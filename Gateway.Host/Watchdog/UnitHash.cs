using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Gateway.Host.Secrets;
using Gateway.Transforms.Compression;

namespace Gateway.Host.Watchdog;

/// <summary>From a conversation to a number that nobody outside can foresee: the same on every gateway with the same master key, and for every request of the conversation.</summary>
internal sealed class UnitHash(MasterKeys masterKeys, TimeProvider time)
{
    /// <summary>How long requests without any id stay on one arm: as long as a provider's cache is warm. Unit: seconds.</summary>
    public const long SlotSeconds = 300;

    private const int StackBytes = 512;

    private readonly byte[] secret = masterKeys.Derive("gateway/hold-out")[0].Key;

    /// <summary>The number.</summary>
    public ulong Of(in CompressSubject subject)
    {
        var slot = subject.Unit.Kind == UnitKind.Slot ? time.GetUtcNow().ToUnixTimeSeconds() / SlotSeconds : 0;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> text = stackalloc byte[StackBytes];
        if (Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"{subject.Workspace}\n{subject.RuleId}\n{(int)subject.Unit.Kind}\n{subject.Unit.Hash}\n{slot}", out var length))
            HMACSHA256.HashData(secret, text[..length], hash);
        else
            HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{subject.Workspace}\n{subject.RuleId}\n{(int)subject.Unit.Kind}\n{subject.Unit.Hash}\n{slot}"), hash);
        return BitConverter.ToUInt64(hash);
    }

    /// <summary>The number as a place between 0 and 1.</summary>
    public static double Place(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));
}
