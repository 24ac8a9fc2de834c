using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Load;

/// <summary>Plain calls over raw keep-alive connections: closed loop for saturation, or an open loop at a fixed rate for latency.</summary>
internal static class PlainLoad
{
    internal const string Body = """{"model":"echo","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Write one sentence about a fox and a dog."}],"max_tokens":64}""";

    internal static byte[] Request(Uri url, string key, string body) => Encoding.ASCII.GetBytes(
        $"POST {url.AbsolutePath} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    /// <summary>Prints one line: requests a second, latencies, errors.</summary>
    public static async Task<int> RunAsync(Uri url, string key, int connections, double seconds, double rate)
    {
        var request = Request(url, key, Body);
        var latencies = new List<double>[connections];
        var errors = 0;
        var start = Stopwatch.GetTimestamp();
        var interval = rate > 0 ? connections / rate : 0;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async index =>
        {
            var mine = latencies[index] = new List<double>(10_000);
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(url.Host, url.Port);
            var stream = client.GetStream();
            var buffer = new byte[16 * 1024];
            var next = interval * index / connections;
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                if (interval > 0)
                {
                    var wait = next - Stopwatch.GetElapsedTime(start).TotalSeconds;
                    if (wait > 0)
                        await Task.Delay(TimeSpan.FromSeconds(wait));
                }

                // From the moment it was due, so that a slow answer delays those behind it on the record too.
                var due = interval > 0 ? next : Stopwatch.GetElapsedTime(start).TotalSeconds;
                next += interval;
                await stream.WriteAsync(request);
                if (!await ReadAnswerAsync(stream, buffer))
                    Interlocked.Increment(ref errors);
                mine.Add((Stopwatch.GetElapsedTime(start).TotalSeconds - due) * 1000);
            }
        }));

        var all = latencies.SelectMany(static list => list).Order().ToArray();
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"{all.Length} {all.Length / elapsed:F0} {all[all.Length / 2]:F3} {all[(int)(all.Length * 0.99)]:F3} {errors}");
        return 0;
    }

    private static async Task<bool> ReadAnswerAsync(NetworkStream stream, byte[] buffer)
    {
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length));
            if (read == 0)
                throw new IOException("The server hung up.");
            length += read;
            var head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (head < 0)
                continue;

            var text = Encoding.ASCII.GetString(buffer, 0, head);
            var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            var end = text.IndexOf('\r', at);
            var size = int.Parse(text[(at + 16)..(end < 0 ? text.Length : end)]);
            while (length < head + 4 + size)
            {
                read = await stream.ReadAsync(buffer.AsMemory(length));
                length += read;
            }

            return text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
    }
}

/// <summary>Streams over many connections at once: time to the first content byte.</summary>
internal static class StreamLoad
{
    public static async Task<int> RunAsync(Uri url, string key, int connections, double seconds, string? model)
    {
        var body = PlainLoad.Body.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"", StringComparison.Ordinal);
        var request = PlainLoad.Request(url, key, model is null ? body : body.Replace("\"echo\"", $"\"{model}\"", StringComparison.Ordinal));
        var firsts = new List<double>();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async index =>
        {
            await Task.Delay(index * 2);
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(url.Host, url.Port);
            var stream = client.GetStream();
            var buffer = new byte[64 * 1024];
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                var sent = Stopwatch.GetTimestamp();
                await stream.WriteAsync(request);
                var length = 0;
                var first = 0.0;
                while (true)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(length));
                    if (read == 0)
                        throw new IOException("The server hung up.");
                    length += read;
                    var seen = buffer.AsSpan(0, length);
                    if (first == 0 && seen.IndexOf("data: "u8) >= 0)
                        first = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                    if (seen.EndsWith("0\r\n\r\n"u8))
                        break;
                }

                lock (firsts)
                    firsts.Add(first);
            }
        }));

        firsts.Sort();
        Console.WriteLine($"{firsts.Count} {firsts[firsts.Count / 2]:F3} {firsts[(int)(firsts.Count * 0.99)]:F3}");
        return 0;
    }
}
