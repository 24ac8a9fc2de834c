using System.Globalization;

namespace Gateway.Host.Settings;

/// <summary>Reads the spellings of durations and sizes in settings.</summary>
internal static class SettingText
{
    private static readonly (string Suffix, long Factor)[] DurationUnits = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    private static readonly (string Suffix, long Factor)[] SizeUnits = [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("B", 1)];

    /// <summary>Reads <c>500ms</c>, <c>60s</c>, <c>5m</c> or <c>1h</c>.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        var read = TryUnits(text, DurationUnits, 1_000L * 3_600 * 1_000, out var milliseconds);
        duration = TimeSpan.FromMilliseconds(milliseconds);
        return read;
    }

    /// <summary>Reads <c>64KiB</c>, <c>32MiB</c>, <c>1GiB</c> or <c>512B</c>. Unit of the result: bytes.</summary>
    public static bool TrySize(string text, out long bytes) => TryUnits(text, SizeUnits, 1L << 40, out bytes);

    private static bool TryUnits(string text, (string Suffix, long Factor)[] units, long most, out long value)
    {
        value = 0;
        foreach (var (suffix, factor) in units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                continue;
            if (!long.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                continue;
            if (number > most / factor)
                return false;
            value = number * factor;
            return true;
        }

        return false;
    }
}
