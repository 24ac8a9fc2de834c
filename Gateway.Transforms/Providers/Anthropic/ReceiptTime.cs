using System.Globalization;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>When a call began, by its receipt's id: a UUIDv7 begins with it. The same answer, translated again, has the same time.</summary>
internal static class ReceiptTime
{
    private const int TimeDigits = 12;

    /// <summary>Unix seconds; 0 for an id that is none.</summary>
    public static long UnixSeconds(string receiptId)
    {
        var id = receiptId.AsSpan(receiptId.IndexOf('_', StringComparison.Ordinal) + 1);
        return id.Length >= TimeDigits && long.TryParse(id[..TimeDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var milliseconds)
            ? milliseconds / 1000
            : 0;
    }
}
