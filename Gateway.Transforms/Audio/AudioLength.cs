namespace Gateway.Transforms.Audio;

/// <summary>How long a sound file is, read from its container: nothing is decoded, copied or allocated.</summary>
/// <param name="Milliseconds">The length, rounded up; at least 1 for a file that has bytes.</param>
/// <param name="Exact">Whether the file says so. If not, it is the longest that so many bytes can plausibly be.</param>
/// <remarks>
/// What a file says of itself can be forged, so several places that say it are compared and the longest counts, and files whose bytes can be
/// walked (WAV, MP3, OGG, WebM) are. A provider that reports the length knows better: its report is what is charged.
/// </remarks>
public readonly record struct AudioLength(long Milliseconds, bool Exact)
{
    /// <summary>The slowest rate that counts as plausible: MPEG's lowest, 8 kbit/s. Unit: bytes per second.</summary>
    public const int SlowestBytesPerSecond = 1_000;

    /// <summary>The longest length that is believed: a week. Unit: milliseconds.</summary>
    public const long Longest = 7L * 24 * 60 * 60 * 1000;

    /// <summary>The length of a file: WAV, MP3, FLAC, OGG (Opus, Vorbis, FLAC, Speex), MP4 or M4A, WebM or Matroska. Never throws; time is linear in its size.</summary>
    public static AudioLength Of(ReadOnlySpan<byte> file) =>
        Said(file) is { } milliseconds and > 0 and <= Longest ? new AudioLength(milliseconds, Exact: true) : new AudioLength(Most(file.Length), Exact: false);

    /// <summary>The longest that so many bytes can plausibly be.</summary>
    public static long Most(long bytes) => (bytes * 1000 + SlowestBytesPerSecond - 1) / SlowestBytesPerSecond;

    /// <summary>Samples as time, rounded up; beyond <see cref="Longest"/> is all the same.</summary>
    internal static long Of(UInt128 samples, uint samplesPerSecond) =>
        samplesPerSecond == 0 ? 0 : (long)UInt128.Min((samples * 1000 + samplesPerSecond - 1) / samplesPerSecond, Longest + 1);

    private static long? Said(ReadOnlySpan<byte> file)
    {
        var sound = file[Id3Tag.Length(file)..];
        if (sound.StartsWith("fLaC"u8))
            return FlacFile.Milliseconds(sound);
        if (file.StartsWith("RIFF"u8) || file.StartsWith("RF64"u8) || file.StartsWith("BW64"u8))
            return WavFile.Milliseconds(file);
        if (file.StartsWith("OggS"u8))
            return OggFile.Milliseconds(file);
        if (file.StartsWith(MatroskaFile.Magic))
            return MatroskaFile.Milliseconds(file);
        return Mp4File.IsOne(file) ? Mp4File.Milliseconds(file) : Mp3File.Milliseconds(sound);
    }
}
