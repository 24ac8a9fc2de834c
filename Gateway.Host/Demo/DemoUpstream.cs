using System.Globalization;
using System.Text.Json;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Demo;

/// <summary>The built-in upstream: an OpenAI-shaped server on loopback whose one model, <c>echo</c>, says what it was told.</summary>
/// <remarks>It is a real HTTP server behind the same path as any provider. It exists only while nothing else is configured or stored.</remarks>
internal sealed class DemoUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DemoUpstream(WebApplication app) => _app = app;

    /// <summary>Where it listens, with <c>/v1</c>.</summary>
    public string BaseUrl => string.Concat(_app.Urls.First(), "/v1");

    public static async Task<DemoUpstream> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.MapPost("/v1/chat/completions", (RequestDelegate)CompleteAsync);
        await app.StartAsync(cancellationToken);
        return new DemoUpstream(app);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task CompleteAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
        var request = body.RootElement;
        var text = LastText(request);
        var limit = Limit(request);
        var words = text.Split(' ');
        var counter = TokenCounter.For(TokenEncoding.O200k);
        var kept = 0;
        var said = "";
        while (kept < words.Length)
        {
            var longer = kept == 0 ? words[0] : $"{said} {words[kept]}";
            if (counter.Count(System.Text.Encoding.UTF8.GetBytes(longer)) > limit)
                break;
            said = longer;
            kept++;
        }

        var prompt = ChatTokens.CountPrompt(System.Text.Encoding.UTF8.GetBytes(request.GetProperty("messages").GetRawText()), default, "echo").Tokens;
        var completion = counter.Count(System.Text.Encoding.UTF8.GetBytes(said));
        var usage = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"prompt_tokens":{{prompt}},"completion_tokens":{{completion}},"total_tokens":{{prompt + completion}}}""");
        var finish = kept < words.Length ? "length" : "stop";
        if (request.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True)
            await StreamAsync(http, words.AsMemory(0, kept), usage, finish);
        else
            await http.Response.WriteAsync(
                $$"""{"id":"chatcmpl-demo","object":"chat.completion","created":1,"model":"echo","choices":[{"index":0,"message":{"role":"assistant","content":{{JsonSerializer.Serialize(said)}}},"finish_reason":"{{finish}}"}],"usage":{{usage}}}""",
                http.RequestAborted);
    }

    private static async Task StreamAsync(HttpContext http, ReadOnlyMemory<string> words, string usage, string finish)
    {
        const string head = """data: {"id":"chatcmpl-demo","object":"chat.completion.chunk","created":1,"model":"echo","choices":""";
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync($$"""{{head}}[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""" + "\n\n", http.RequestAborted);
        for (var index = 0; index < words.Length; index++)
        {
            var word = JsonSerializer.Serialize(index == 0 ? words.Span[index] : string.Concat(" ", words.Span[index]));
            await http.Response.WriteAsync($$"""{{head}}[{"index":0,"delta":{"content":{{word}}},"finish_reason":null}]}""" + "\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }

        await http.Response.WriteAsync($$"""{{head}}[{"index":0,"delta":{},"finish_reason":"{{finish}}"}]}""" + "\n\n", http.RequestAborted);
        await http.Response.WriteAsync($$"""{{head}}[],"usage":{{usage}}}""" + "\n\ndata: [DONE]\n\n", http.RequestAborted);
    }

    private static string LastText(JsonElement request)
    {
        var text = "";
        foreach (var message in request.GetProperty("messages").EnumerateArray())
        {
            if (message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
                text = content.GetString()!;
        }

        return text.Length == 0 ? "…" : text;
    }

    private static int Limit(JsonElement request)
    {
        foreach (var name in (ReadOnlySpan<string>)["max_completion_tokens", "max_tokens"])
        {
            if (request.TryGetProperty(name, out var limit) && limit.TryGetInt32(out var tokens))
                return tokens;
        }

        return 4096;
    }
}
