using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gateway.Transforms.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.EndToEnd;

/// <summary>What the upstream did for one call.</summary>
internal sealed class Emission
{
    public int Requests;
    public long PromptTokens;

    /// <summary>Output tokens handed to the socket; counted before they are written, so never too few.</summary>
    public long OutputTokens;

    public bool IsComplete;
}

/// <summary>An OpenAI-shaped provider on loopback that writes down what it emitted for each call.</summary>
/// <remarks>The last user message is the order: <c>id words delayMs</c>. Each word is one token; the delay is between words, or before a plain answer.</remarks>
internal sealed class JournalingUpstream : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, Emission> journal = new(StringComparer.Ordinal);
    private readonly TextWriter? file;

    private JournalingUpstream(string? journalFile)
    {
        file = journalFile is null ? null : TextWriter.Synchronized(new StreamWriter(journalFile, append: true) { AutoFlush = true });
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.MapPost("/v1/chat/completions", (RequestDelegate)CompleteAsync);
    }

    public IReadOnlyDictionary<string, Emission> Journal => journal;

    public int Port => new Uri(app.Urls.First()).Port;

    /// <param name="journalFile">Where the end of each call is also written: <c>id promptTokens outputTokens isComplete</c>.</param>
    public static async Task<JournalingUpstream> StartAsync(string? journalFile = null)
    {
        var upstream = new JournalingUpstream(journalFile);
        await upstream.app.StartAsync();
        return upstream;
    }

    /// <summary>The gateway's environment: this upstream as its one channel, and a model that costs 1.4 a million in and 2.8 out.</summary>
    public Dictionary<string, string> Settings() => Settings(Port);

    /// <summary>The same through a link that listens on another port.</summary>
    public static Dictionary<string, string> Settings(int port) => new(StringComparer.Ordinal)
    {
        ["Gateway__AdminKey"] = GatewayProcess.AdminKey,
        ["Channels__0__name"] = "fake",
        ["Channels__0__provider"] = "fake",
        ["Channels__0__baseUrl"] = $"http://127.0.0.1:{port}/v1",
        ["Channels__0__routeType"] = "ordinary",
        ["Channels__0__allowPrivateAddress"] = "true",
        ["Channels__0__models__0__model"] = "words",
        ["Models__0__provider"] = "fake",
        ["Models__0__model"] = "words",
        ["Models__0__kind"] = "chat",
        ["Models__0__contextWindow"] = "128000",
        ["Models__0__maxOutputTokens"] = "4096",
        ["Models__0__prices__0__routeType"] = "ordinary",
        ["Models__0__prices__0__inputPricePer1M"] = "1.4",
        ["Models__0__prices__0__outputPricePer1M"] = "2.8",
    };

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        if (file is not null)
            await file.DisposeAsync();
    }

    private async Task CompleteAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
        var messages = body.RootElement.GetProperty("messages");
        var order = messages[messages.GetArrayLength() - 1].GetProperty("content").GetString()!.Split(' ');
        var (words, delay) = (int.Parse(order[1]), TimeSpan.FromMilliseconds(int.Parse(order[2])));
        var emission = journal.GetOrAdd(order[0], static _ => new Emission());
        Interlocked.Increment(ref emission.Requests);
        emission.PromptTokens = ChatTokens.CountPrompt(Encoding.UTF8.GetBytes(messages.GetRawText()), default, "words").Tokens;
        var usage = $$"""{"prompt_tokens":{{emission.PromptTokens}},"completion_tokens":{{words}},"total_tokens":{{emission.PromptTokens + words}}}""";
        try
        {
            if (body.RootElement.TryGetProperty("stream", out var stream) && stream.GetBoolean())
                await StreamAsync(http, emission, words, delay, usage);
            else
                await PlainAsync(http, emission, words, delay, usage);
            emission.IsComplete = true;
        }
        catch (OperationCanceledException)
        {
            // The gateway was killed.
        }
        finally
        {
            file?.WriteLine($"{order[0]} {emission.PromptTokens} {emission.OutputTokens} {emission.IsComplete}");
        }
    }

    private static async Task PlainAsync(HttpContext http, Emission emission, int words, TimeSpan delay, string usage)
    {
        await Task.Delay(delay, http.RequestAborted);
        emission.OutputTokens = words;
        var text = string.Concat(Enumerable.Repeat(" a", words));
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(
            $$"""{"id":"c","object":"chat.completion","created":1,"model":"words","choices":[{"index":0,"message":{"role":"assistant","content":"{{text}}"},"finish_reason":"stop"}],"usage":{{usage}}}""",
            http.RequestAborted);
    }

    private static async Task StreamAsync(HttpContext http, Emission emission, int words, TimeSpan delay, string usage)
    {
        const string head = """data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"words","choices":""";
        http.Response.ContentType = "text/event-stream";
        for (var word = 0; word < words; word++)
        {
            emission.OutputTokens++;
            await http.Response.WriteAsync($$"""{{head}}[{"index":0,"delta":{"content":" a"},"finish_reason":null}]}""" + "\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(delay, http.RequestAborted);
        }

        await http.Response.WriteAsync($$"""{{head}}[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n", http.RequestAborted);
        await http.Response.WriteAsync($$"""{{head}}[],"usage":{{usage}}}""" + "\n\ndata: [DONE]\n\n", http.RequestAborted);
    }
}
