using Gateway.Tests.Fakes;

namespace Gateway.Tests.EndToEnd.Faults;

/// <summary>Streams that go wrong when the client already has something, and those that look wrong and are not.</summary>
internal static class StreamFaults
{
    private const string Impatient = ",\"idleTimeoutMs\":400";
    private const string Begun = RawAnswers.EventStream;

    private static readonly Ending Interrupted = new Ending.Cut("stream_interrupted", "200 broken", 3);

    public static IEnumerable<Fault> All()
    {
        yield return Stream("cut behind the role", static call => call.WriteAsync(Begun + RawAnswers.Role), new Ending.Failed(502, "upstream_error", "200 broken"));
        yield return Stream("reset behind content", ResetAsync, Interrupted);
        yield return Stream("closed behind content", static call => call.WriteAsync(Begun + RawAnswers.Role + RawAnswers.Contents), Interrupted);
        yield return Stream("closed behind the finish reason", static call => call.WriteAsync(Begun + RawAnswers.Role + RawAnswers.Contents + RawAnswers.Finish), Interrupted);
        yield return Stream("Content-Length too short behind content", TooShortAsync, Interrupted);
        yield return Stream("chunked garbage behind content", ChunkedGarbageAsync, Interrupted);
        yield return Stream("error behind content", static call => AfterContentAsync(call, "data: {\"error\":{\"message\":\"sk-canary overloaded\"}}\n\n"), new Ending.Cut("stream_interrupted", "200 upstream_error", 3));
        yield return Stream("garbage behind content", static call => AfterContentAsync(call, "data: {\"choices\":[\n\n"), new Ending.Cut("stream_interrupted", "200 unreadable", 3));
        yield return Stream("100 MB on one line behind content", LongLineAsync, new Ending.Cut("stream_interrupted", "200 unreadable", 3));
        yield return Stream("silent behind content", SilentAsync, new Ending.Cut("stream_interrupted", "200 timeout", 3)) with { Fields = Impatient };
        yield return Stream("event that drips behind content", DripAsync, new Ending.Cut("stream_interrupted", "200 timeout", 3)) with { Fields = Impatient };
        yield return Stream("comments without end behind content", CommentsAsync, new Ending.Cut("stream_interrupted", "200 timeout", 3)) with { Fields = Impatient };
        yield return Stream("comments without end", CommentsAloneAsync, new Ending.Cut("upstream_timeout", "200 timeout", 0)) with { Fields = Impatient };
        yield return Stream("no [DONE]", static call => call.WriteAsync(Begun + RawAnswers.Events()[..^RawAnswers.Done.Length]), new Ending.Sound());
        yield return Stream("events behind [DONE]", static call => call.WriteAsync(Begun + RawAnswers.Events() + RawAnswers.Content(" b") + "data: {"), new Ending.Sound());
        yield return Stream("no blank line at the end", static call => call.WriteAsync(Begun + RawAnswers.Events().TrimEnd()), new Ending.Sound());
        yield return Stream("CRLF and a byte order mark", static call => call.WriteAsync(Begun + "\uFEFF" + RawAnswers.Events().Replace("\n", "\r\n", StringComparison.Ordinal)), new Ending.Sound());
        yield return new Fault("a byte in each packet", HalfCharactersAsync).Both(new Ending.Sound("é漢😀"));
    }

    private static Fault Stream(string name, Func<RawExchange, Task> play, Ending ending) => new(name, play) { Streamed = ending };

    // What was written must have been read by the client before the fault, so that it counts as delivered.
    private static async Task AfterContentAsync(RawExchange call, string fault)
    {
        await call.WriteAsync(Begun + RawAnswers.Role + RawAnswers.Contents);
        await call.PauseAsync(50);
        await call.WriteAsync(fault);
    }

    private static async Task ResetAsync(RawExchange call)
    {
        await AfterContentAsync(call, "");
        call.Reset();
    }

    private static Task TooShortAsync(RawExchange call)
    {
        var begun = RawAnswers.Role + RawAnswers.Contents;
        return call.WriteAsync($"{Begun[..^2]}Content-Length: {begun.Length}\r\n\r\n{begun}{RawAnswers.Finish}{RawAnswers.UsageChunk()}{RawAnswers.Done}");
    }

    private static async Task ChunkedGarbageAsync(RawExchange call)
    {
        var begun = RawAnswers.Role + RawAnswers.Contents;
        await call.WriteAsync($"{Begun[..^2]}Transfer-Encoding: chunked\r\n\r\n{begun.Length:x}\r\n{begun}\r\n");
        await call.PauseAsync(50);
        await call.WriteAsync("zz\r\ngarbage\r\n");
    }

    private static async Task LongLineAsync(RawExchange call)
    {
        await AfterContentAsync(call, "data: {\"x\":\"");
        var megabyte = new string('a', 1 << 20);
        for (var written = 0; written < 100; written++)
            await call.WriteAsync(megabyte);
    }

    private static async Task SilentAsync(RawExchange call)
    {
        await AfterContentAsync(call, "");
        await call.HangAsync();
    }

    private static async Task DripAsync(RawExchange call)
    {
        await AfterContentAsync(call, "");
        await call.DripAsync("data: {\"x\":\"" + new string('a', 1000), pauseMs: 20);
    }

    private static async Task CommentsAsync(RawExchange call)
    {
        await AfterContentAsync(call, "");
        await CommentAsync(call);
    }

    private static async Task CommentsAloneAsync(RawExchange call)
    {
        await call.WriteAsync(Begun);
        await CommentAsync(call);
    }

    private static async Task CommentAsync(RawExchange call)
    {
        for (var second = 0; second < 500; second++)
        {
            await call.WriteAsync(": still there\n\n");
            await call.PauseAsync(20);
        }
    }

    private static Task HalfCharactersAsync(RawExchange call) => call.DripAsync(call.Stream
        ? Begun + RawAnswers.Role + RawAnswers.Content("é漢😀") + RawAnswers.Finish + RawAnswers.UsageChunk() + RawAnswers.Done
        : RawAnswers.Plain(RawAnswers.Body(text: "é漢😀")));
}
