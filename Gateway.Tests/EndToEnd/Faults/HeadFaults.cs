using Gateway.Tests.Fakes;

namespace Gateway.Tests.EndToEnd.Faults;

/// <summary>Failures up to and including the head of the answer: connections, framing, statuses.</summary>
internal static class HeadFaults
{
    private const string Soon = ",\"firstByteTimeoutMs\":400";
    private const string Secret = """{"error":{"message":"the key sk-canary is wrong","type":"server_error","param":null,"code":null}}""";

    private static readonly Ending Unreached = new Ending.Failed(502, "upstream_error", " upstream_error");
    private static readonly Ending TooSlow = new Ending.Failed(504, "upstream_timeout", " timeout");

    public static IEnumerable<Fault> All()
    {
        yield return new Fault("connection refused", static _ => Task.CompletedTask) { Refuses = true }.Both(Unreached);
        yield return new Fault("reset before the head", ResetAsync).Both(Unreached);
        yield return new Fault("closed before the head", static _ => Task.CompletedTask).Both(Unreached);
        yield return new Fault("no HTTP", static call => call.WriteAsync("SSH-2.0-OpenSSH_9.2\r\n\r\n")).Both(Unreached);
        yield return new Fault("head of 70 KB", static call => call.WriteAsync($"HTTP/1.1 200 OK\r\nX-Big: {new string('x', 70_000)}\r\n\r\n")).Both(Unreached);
        yield return new Fault("contradicting lengths", static call => call.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"))
            .Both(new Ending.Failed(502, "upstream_error", "200 unreadable"));
        yield return new Fault("silent", static call => call.HangAsync()) { Fields = Soon }.Both(TooSlow);
        yield return new Fault("head that drips", static call => call.DripAsync("HTTP/1.1 200 OK\r\nX-Slow: " + new string('x', 500), pauseMs: 20)) { Fields = Soon }.Both(TooSlow);
        yield return new Fault("1xx without end", HintWithoutEndAsync) { Fields = Soon }.Both(TooSlow);
        yield return new Fault("1xx before the answer", HintAsync).Both(new Ending.Sound());
        yield return new Fault("switching protocols", static call => call.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
            .Both(new Ending.Failed(502, "upstream_error", "101 upstream_error"));
        yield return Status("500 Internal Server Error", "500 upstream_error");
        yield return Status("502 Bad Gateway", "502 upstream_error");
        yield return Status("503 Service Unavailable", "503 upstream_error");
        yield return Status("529 Site is overloaded", "529 upstream_error");
        yield return Status("418 I'm a teapot", "418 upstream_error");
        yield return Status("204 No Content", "204 upstream_error");
        yield return Status("401 Unauthorized", "401 auth", 502, "upstream_auth");
        yield return Status("403 Forbidden", "403 auth", 502, "upstream_auth");
        yield return Status("408 Request Timeout", "408 timeout", 504, "upstream_timeout");
        yield return Status("504 Gateway Timeout", "504 timeout", 504, "upstream_timeout");
        yield return new Fault("429 with Retry-After", static call => call.WriteAsync(RawAnswers.Plain(Secret, "429 Too Many Requests", headers: "Retry-After: 7\r\n")))
            .Both(new Ending.Failed(429, "upstream_rate_limited", "429 rate_limited") { RetryAfter = "7" });
        yield return new Fault("429 without Retry-After", static call => call.WriteAsync(RawAnswers.Plain(Secret, "429 Too Many Requests")))
            .Both(new Ending.Failed(429, "upstream_rate_limited", "429 rate_limited"));
        foreach (var redirect in (string[])["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
        {
            yield return new Fault(redirect[..3], call => call.WriteAsync(RawAnswers.Plain("", redirect, headers: "Location: /v1/elsewhere\r\n")))
                .Both(new Ending.Failed(502, "upstream_error", $"{redirect[..3]} upstream_error"));
        }
    }

    private static Fault Status(string status, string attempt, int shown = 502, string code = "upstream_error") =>
        new Fault(status[..3], call => call.WriteAsync(RawAnswers.Plain(status.StartsWith("204", StringComparison.Ordinal) ? "" : Secret, status)))
            .Both(new Ending.Failed(shown, code, attempt));

    private static Task ResetAsync(RawExchange call)
    {
        call.Reset();
        return Task.CompletedTask;
    }

    private static async Task HintWithoutEndAsync(RawExchange call)
    {
        while (true)
        {
            await call.WriteAsync("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
            await call.PauseAsync(1);
        }
    }

    private static async Task HintAsync(RawExchange call)
    {
        await call.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
        for (var hint = 0; hint < 50; hint++)
            await call.WriteAsync("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
        await RawAnswers.WriteAsync(call);
    }
}
