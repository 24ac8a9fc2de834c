using System.IO.Compression;
using System.Text;
using Gateway.Tests.Fakes;

namespace Gateway.Tests.EndToEnd.Faults;

/// <summary>Answers with 200 that are none: what stands behind a good head is missing, cut or garbage, and no output has come before that.</summary>
internal static class BodyFaults
{
    private const string Impatient = ",\"idleTimeoutMs\":400";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";

    private static readonly Ending Unreadable = new Ending.Failed(502, "upstream_error", "200 unreadable");
    private static readonly Ending Broken = new Ending.Failed(502, "upstream_error", "200 broken");
    private static readonly byte[] Megabyte = [.. Enumerable.Repeat((byte)'a', 1 << 20)];

    public static IEnumerable<Fault> All()
    {
        yield return new Fault("HTML with 200", static call => call.WriteAsync(RawAnswers.Plain("<html><body>Welcome to nginx!</body></html>", type: "text/html"))).Both(Unreadable);
        yield return new Fault("HTML that says it is the right type", static call => Written(call, "<html><body>Sign in to the hotel's network</body></html>")).Both(Unreadable);
        yield return new Fault("empty body", static call => call.WriteAsync(RawAnswers.Plain(""))).Both(Unreadable);
        yield return new Fault("empty stream", static call => call.WriteAsync(RawAnswers.EventStream)) { Streamed = Broken };
        yield return new Fault("comments and the end", static call => call.WriteAsync(RawAnswers.EventStream + ": ping\n\n: ping\n\n")) { Streamed = Broken };
        yield return new Fault("plain answer to a stream", static call => call.WriteAsync(RawAnswers.Plain(RawAnswers.Body()))) { Streamed = Unreadable };
        yield return new Fault("JSON that is cut off", static call => Written(call, RawAnswers.Body()[..60])).Both(Unreadable);
        yield return new Fault("JSON array", static call => Written(call, "[]")).Both(Unreadable);
        yield return new Fault("null", static call => Written(call, "null")).Both(Unreadable);
        yield return new Fault("JSON behind JSON", static call => Written(call, "{} {}")).Both(Unreadable);
        yield return new Fault("UTF-16", static call => WrittenAsync(call, Encoding.Unicode.GetBytes(RawAnswers.Body()))).Both(Unreadable);
        yield return new Fault("broken UTF-8", static call => WrittenAsync(call, [.. "{\"choices\":[],\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8])) { Plain = Unreadable };
        yield return new Fault("error object with 200", static call => Written(call, """{"error":{"message":"the key sk-canary has no quota","type":"x","param":null,"code":null}}"""))
        {
            Plain = Unreadable,
            Streamed = new Ending.Failed(502, "upstream_error", "200 upstream_error"),
        };
        yield return new Fault("error event", static call => call.WriteAsync(RawAnswers.EventStream + "event: error\ndata: {\"message\":\"overloaded\"}\n\n"))
        {
            Streamed = new Ending.Failed(502, "upstream_error", "200 upstream_error"),
        };
        yield return new Fault("gzip unasked", GzipAsync).Both(Unreadable);
        yield return new Fault("reset behind the head", ResetAsync).Both(Broken);
        yield return new Fault("Content-Length too long", static call => call.WriteAsync(Head(call) + "Content-Length: 5000\r\n\r\n" + Start(call))).Both(Broken);
        yield return new Fault("Content-Length too short", static call => call.WriteAsync(Head(call) + "Content-Length: 40\r\n\r\n" + (call.Stream ? RawAnswers.Events() : RawAnswers.Body())))
        {
            Plain = Unreadable,
            Streamed = Unreadable,
        };
        yield return new Fault("chunked garbage", static call => call.WriteAsync(Head(call) + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")).Both(Broken);
        yield return new Fault("chunks that stop", static call => call.WriteAsync(Head(call) + "Transfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")).Both(Broken);
        yield return new Fault("100 MB on one line", HundredMegabytesAsync) { Plain = Broken, Streamed = Unreadable };
        yield return new Fault("silent behind the head", StallAsync) { Fields = Impatient, Plain = new Ending.Failed(504, "upstream_timeout", "200 timeout") };
    }

    private static Task Written(RawExchange call, string payload) => WrittenAsync(call, Encoding.UTF8.GetBytes(payload));

    // The payload as a plain answer, or as the first event of a stream.
    private static Task WrittenAsync(RawExchange call, byte[] payload) => call.Stream
        ? call.WriteAsync((byte[])[.. Encoding.UTF8.GetBytes(RawAnswers.EventStream), .. "data: "u8, .. payload, .. "\n\n"u8])
        : call.WriteAsync((byte[])[.. Encoding.UTF8.GetBytes($"{Ok}Content-Length: {payload.Length}\r\n\r\n"), .. payload]);

    private static string Head(RawExchange call) => call.Stream ? RawAnswers.EventStream[..^2] : Ok;

    private static string Start(RawExchange call) => call.Stream ? "data: {\"id\":" : RawAnswers.Body()[..60];

    private static async Task GzipAsync(RawExchange call)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(call.Stream ? RawAnswers.Events() : RawAnswers.Body()));
        await call.WriteAsync($"{Head(call)}Content-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n");
        await call.WriteAsync(packed.ToArray());
    }

    private static async Task ResetAsync(RawExchange call)
    {
        await call.WriteAsync(Head(call) + "Content-Length: 5000\r\n\r\n");

        // The head must leave before the connection is reset.
        await call.PauseAsync(50);
        call.Reset();
    }

    private static async Task HundredMegabytesAsync(RawExchange call)
    {
        await call.WriteAsync(call.Stream ? RawAnswers.EventStream + "data: {\"x\":\"" : $"{Ok}Content-Length: {100 * Megabyte.Length}\r\n\r\n");
        for (var written = 0; written < 100; written++)
            await call.WriteAsync(Megabyte);
    }

    private static async Task StallAsync(RawExchange call)
    {
        await call.WriteAsync(Head(call) + "Content-Length: 5000\r\n\r\n" + Start(call));
        await call.HangAsync();
    }
}
