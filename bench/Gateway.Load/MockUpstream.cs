using System.Buffers.Text;

namespace Gateway.Load;

/// <summary>
/// The upstream of every target. A stream has as many chunks as the request's <c>max_tokens</c> (20 where it has none), one every 20 ms, about as fast as a model
/// writes; the model <c>slow</c> writes one a second, <c>limited</c> answers 429. Reads only the first 4 KiB of a body for that.
/// </summary>
internal static class MockUpstream
{
    private const int UsualChunks = 20;
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SlowGap = TimeSpan.FromSeconds(1);
    private static readonly byte[] Answer = """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"echo","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and then it rests for a while in the shade."},"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":20,"total_tokens":44}}"""u8.ToArray();
    private static readonly byte[] Chunk = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" fox\"},\"finish_reason\":null}]}\n\n"u8.ToArray();
    private static readonly byte[] End = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[],\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":20,\"total_tokens\":44}}\n\ndata: [DONE]\n\n"u8.ToArray();

    public static async Task<int> RunAsync(string url)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url).ConfigureKestrel(static kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Services.AddRoutingCore();
        await using var app = builder.Build();
        app.MapPost("/v1/chat/completions", (RequestDelegate)AnswerAsync);
        await app.RunAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        var (buffer, length) = (new byte[4096], 0);
        var rest = new byte[http.Request.ContentLength > buffer.Length ? 64 * 1024 : 1];
        while (await http.Request.Body.ReadAsync(length < buffer.Length ? buffer.AsMemory(length) : rest, http.RequestAborted) is var read and > 0)
            length = Math.Min(buffer.Length, length + read);

        var head = buffer.AsMemory(0, length);
        if (head.Span.IndexOf("\"limited\""u8) >= 0)
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        }
        else if (head.Span.IndexOf("\"stream\":true"u8) >= 0)
        {
            http.Response.ContentType = "text/event-stream";
            await StreamAsync(http.Response, Chunks(head.Span), head.Span.IndexOf("\"slow\""u8) >= 0 ? SlowGap : Gap, http.RequestAborted);
        }
        else
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = Answer.Length;
            await http.Response.Body.WriteAsync(Answer, http.RequestAborted);
        }
    }

    private static async Task StreamAsync(HttpResponse response, int chunks, TimeSpan gap, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; i < chunks; i++)
            {
                await response.Body.WriteAsync(Chunk, cancellationToken);
                await response.Body.FlushAsync(cancellationToken);
                await Task.Delay(gap, cancellationToken);
            }

            await response.Body.WriteAsync(End, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller hung up.
        }
    }

    private static int Chunks(ReadOnlySpan<byte> request) =>
        request.IndexOf("_tokens\":"u8) is >= 0 and var at && Utf8Parser.TryParse(request[(at + 9)..], out int chunks, out _) ? chunks : UsualChunks;
}
