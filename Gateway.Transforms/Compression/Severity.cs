namespace Gateway.Transforms.Compression;

/// <summary>Words that mark what a reader must not miss.</summary>
/// <remarks>
/// Found inside longer words as well (<c>NullPointerException</c>, <c>isFailed</c>), in lower case, capitalised or upper case: hence the first letter
/// is left out. Each look-up is one vectorised pass; together they are several times faster than a byte loop.
/// </remarks>
internal static class Severity
{
    /// <summary>True if the text holds a severity word.</summary>
    public static bool Marks(ReadOnlySpan<byte> text) =>
        text.IndexOf("rror"u8) >= 0 || text.IndexOf("RROR"u8) >= 0
        || text.IndexOf("ail"u8) >= 0 && (text.IndexOf("fail"u8) >= 0 || text.IndexOf("Fail"u8) >= 0) || text.IndexOf("FAIL"u8) >= 0
        || text.IndexOf("arn"u8) >= 0 && (text.IndexOf("warn"u8) >= 0 || text.IndexOf("Warn"u8) >= 0) || text.IndexOf("WARN"u8) >= 0
        || text.IndexOf("xception"u8) >= 0 || text.IndexOf("XCEPTION"u8) >= 0
        || text.IndexOf("atal"u8) >= 0 && (text.IndexOf("fatal"u8) >= 0 || text.IndexOf("Fatal"u8) >= 0) || text.IndexOf("FATAL"u8) >= 0
        || text.IndexOf("ritical"u8) >= 0 || text.IndexOf("CRITICAL"u8) >= 0
        || text.IndexOf("panic"u8) >= 0 || text.IndexOf("Panic"u8) >= 0 || text.IndexOf("PANIC"u8) >= 0
        || text.IndexOf("raceback"u8) >= 0 || text.IndexOf("enied"u8) >= 0 || text.IndexOf("DENIED"u8) >= 0
        || text.IndexOf("efused"u8) >= 0 || text.IndexOf("REFUSED"u8) >= 0
        || text.IndexOf("abort"u8) >= 0 || text.IndexOf("Abort"u8) >= 0 || text.IndexOf("ABORT"u8) >= 0
        || text.IndexOf("crash"u8) >= 0 || text.IndexOf("Crash"u8) >= 0 || text.IndexOf("CRASH"u8) >= 0
        || text.IndexOf("imeout"u8) >= 0 || text.IndexOf("imed out"u8) >= 0 || text.IndexOf("TIMEOUT"u8) >= 0;
}
