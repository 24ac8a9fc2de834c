using System.Buffers;
using System.Text.Json;
using Gateway.Ledger.Book;

namespace Gateway.Ledger;

/// <summary>One JSON writer and its buffer for each thread: what is written without a break in between can be seen by nobody else.</summary>
/// <remarks>The buffer stays as long as the longest document that the thread has written, which a receipt bounds.</remarks>
internal static class JsonScratch
{
    private const int FirstBytes = 4096;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? scratch;

    /// <summary>An empty buffer and a writer into it; both are this thread's until its next call.</summary>
    public static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Begin()
    {
        var (buffer, json) = scratch ??= New();
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        return (buffer, json);
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) New()
    {
        var buffer = new ArrayBufferWriter<byte>(FirstBytes);
        return (buffer, new Utf8JsonWriter(buffer, ReceiptDocument.WriterOptions));
    }
}
