using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Gateway.Load;

/// <summary>What clients do over an hour: plain calls, streams, streams left in the middle, plain calls not waited for, and calls that are refused. One line: how many of each.</summary>
internal static class MixedLoad
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private static readonly string[] Kinds = ["plain", "streams", "left mid-stream", "plain not waited for", "unknown model", "no JSON", "wrong key", "upstream 429"];

    /// <summary>Each worker makes a call, waits a moment, and makes another, of a kind by chance.</summary>
    public static async Task<int> RunAsync(Uri url, string key, int workers, double seconds)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        var (counts, unexpected) = (new long[Kinds.Length], 0L);
        var end = DateTimeOffset.UtcNow.AddSeconds(seconds);
        await Parallel.ForAsync(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, async (worker, cancellationToken) =>
        {
            var chance = new Random(worker);
            while (DateTimeOffset.UtcNow < end)
            {
                var kind = chance.Next(20) switch { < 10 => 0, < 13 => 1, < 15 => 2, var other => other - 12 };
                Interlocked.Increment(ref counts[kind]);
                if (!await CallAsync(client, url, key, kind, chance, cancellationToken))
                    Interlocked.Increment(ref unexpected);
                await Task.Delay(Pause * (0.5 + chance.NextDouble()), cancellationToken);
            }
        });
        var parts = string.Join(", ", counts.Select(static (count, kind) => string.Create(CultureInfo.InvariantCulture, $"{count} {Kinds[kind]}")));
        Console.WriteLine($"{parts}; {unexpected} not answered as they should be");
        return 0;
    }

    // Whether it ended as its kind should.
    private static async Task<bool> CallAsync(HttpClient client, Uri url, string key, int kind, Random chance, CancellationToken cancellationToken)
    {
        var model = kind switch { 4 => "nobody/none", 7 => "mock/limited", _ => "mock/echo" };
        var streamed = kind is 1 or 2 ? "\"stream\":true," : "";
        var body = kind == 5 ? "{\"model\":" : $$"""{"model":"{{model}}",{{streamed}}"messages":[{"role":"user","content":"Write one sentence."}],"max_tokens":40}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", kind == 6 ? key + "x" : key);
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (kind == 3)
            hangUp.CancelAfter(TimeSpan.FromMilliseconds(chance.Next(1, 5)));
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token);
            if (kind == 2)
                return await LeaveAsync(answer, chance.Next(1, 4000), hangUp.Token);
            await answer.Content.CopyToAsync(Stream.Null, hangUp.Token);
            return answer.IsSuccessStatusCode == kind is < 4;
        }
        catch (OperationCanceledException) when (kind == 3)
        {
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // Reads so many bytes; that the answer is not read to its end closes its connection.
    private static async Task<bool> LeaveAsync(HttpResponseMessage answer, int after, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[512];
        while (after > 0 && await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            after -= read;
        return answer.IsSuccessStatusCode;
    }
}
