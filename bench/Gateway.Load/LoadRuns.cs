using System.Globalization;
using System.Text;

namespace Gateway.Load;

/// <summary>Calls over HTTP: plain ones, streams, and until the first is answered. Each prints one line.</summary>
internal static class LoadRuns
{
    private const string Body = """{"model":"echo","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Write one sentence about a fox and a dog."}],"max_tokens":64}""";
    private const double Settling = 0.5;

    /// <summary>Prints calls, calls a second, p50 and p99 in milliseconds, errors. Options: <c>body=</c> bytes, and headers.</summary>
    public static void Plain(Uri url, string keys, int connections, double seconds, double rate, string[] options)
    {
        var body = Body;
        if (Option(options, "body") is { } bytes)
            body = body.Replace("Write one", Text(Math.Max(0, int.Parse(bytes) - Body.Length)) + "Write one", StringComparison.Ordinal);
        var result = Traffic.Run(new TrafficPlan
        {
            Url = url, Requests = Requests(url, keys, body, options), Connections = connections, Seconds = seconds, Rate = rate,
            Unmeasured = Math.Min(Settling, seconds / 4),
        });
        Print($"{result.Calls} {result.Calls / result.Seconds:F0} {result.Latency(0.5):F3} {result.Latency(0.99):F3} {result.Errors}");
    }

    /// <summary>Prints streams, p50 and p99 of the time to the first byte of the body in milliseconds, errors. Options: <c>model=</c>, <c>chunks=</c> (20), <c>gap=</c> ms (20), and headers.</summary>
    public static void Streams(Uri url, string keys, int connections, double seconds, string[] options)
    {
        var chunks = int.Parse(Option(options, "chunks") ?? "20");
        var body = Body.Replace("\"max_tokens\":64", $"\"stream\":true,\"max_tokens\":{chunks}", StringComparison.Ordinal);
        if (Option(options, "model") is { } model)
            body = body.Replace("\"echo\"", $"\"{model}\"", StringComparison.Ordinal);
        var result = Traffic.Run(new TrafficPlan
        {
            // Begun over the time that one takes, they go on beginning one by one.
            Url = url, Requests = Requests(url, keys, body, options), Connections = connections, Seconds = seconds,
            Spread = Math.Min(seconds / 2, chunks * double.Parse(Option(options, "gap") ?? "20") / 1000),
        });
        Print($"{result.Calls} {result.First(0.5):F3} {result.First(0.99):F3} {result.Errors}");
    }

    /// <summary>Prints milliseconds from a moment (Unix nanoseconds) until a call is answered with 200, or nothing but why not after two minutes.</summary>
    public static void First(Uri url, string keys, long since, string[] options)
    {
        var plan = new TrafficPlan { Url = url, Requests = Requests(url, keys, Body, options), Connections = 1, Seconds = 0.001 };
        for (var end = DateTimeOffset.UtcNow.AddMinutes(2); DateTimeOffset.UtcNow < end; Thread.Sleep(1))
        {
            try
            {
                if (Traffic.Run(plan).Errors > 0)
                    continue;
                Print($"{(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMilliseconds - (since / 1e6):F0}");
                return;
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Nobody listens yet.
            }
        }

        Print($"error {url} does not answer with 200.");
    }

    // The keys: one, or @FILE with one a line, which take turns.
    private static byte[][] Requests(Uri url, string keys, string body, string[] options)
    {
        var headers = string.Concat(options.Where(static option => option.Contains(':')).Select(static header => $"{header}\r\n"));
        var all = keys.StartsWith('@') ? File.ReadAllLines(keys[1..]) : [keys];
        return [.. all.Select(key => Encoding.ASCII.GetBytes(
            $"POST {url.AbsolutePath} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}"))];
    }

    private static string? Option(string[] options, string name) =>
        Array.Find(options, option => option.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    // Words of several lengths, as a tokenizer sees them in prose.
    private static string Text(int length)
    {
        const string Prose = "Invoices that were sent in March have been paid late by most of the customers in the northern region, so the clerk wrote to each of them again. ";
        var text = new StringBuilder(length + Prose.Length);
        while (text.Length < length)
            text.Append(Prose);
        return text.ToString(0, length);
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
