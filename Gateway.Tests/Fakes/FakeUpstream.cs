using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Fakes;

/// <summary>A provider on loopback. What it does stands in the prompt, so that any SDK can ask for it: <c>fake:status=429;retry=7</c>.</summary>
/// <remarks>
/// Words: <c>id</c> names the call in <see cref="Calls"/>; <c>mode</c> is answer, tools, json (a plain answer that is an object), html, empty, silent, late (before its head), break or nousage; <c>count</c> is the number of
/// words, one token each; <c>pause</c> is in milliseconds, before a plain answer or each chunk; <c>status</c>, <c>retry</c> make an error, of the first <c>fails</c> calls with this id if that is there; <c>only</c> names the upstream model that <c>status</c>, <c>pause</c> are for; <c>in</c> is the prompt tokens reported, <c>out</c> the completion tokens (<c>1_5</c>: 1.5).
/// </remarks>
internal sealed partial class FakeUpstream : IAsyncDisposable
{
    public const string BadToolSchema = """{"error":{"message":"Invalid schema for function 'x'","type":"invalid_request_error","param":"tools[0]","code":"invalid_function_parameters"}}""";

    private readonly WebApplication app;

    private FakeUpstream(WebApplication app) => this.app = app;

    public string BaseUrl => $"{app.Urls.First()}/v1";

    /// <summary>What it got and gave, by the prompt's <c>id</c>.</summary>
    public ConcurrentDictionary<string, FakeCall> Calls { get; } = new();

    /// <summary>Whether connections break without an answer.</summary>
    public bool IsDown { get; set; }

    public static async Task<FakeUpstream> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var upstream = new FakeUpstream(server);
        upstream.Map("/v1/chat/completions", static (http, call) => call.WantsStream ? new FakeStream(http, call).WriteAsync() : PlainAsync(http, call));
        upstream.MapEndpoints();
        await server.StartAsync();
        return upstream;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private void Map(string path, Func<HttpContext, FakeCall, Task> answer) => app.MapPost(path, (RequestDelegate)(http => ReceiveAsync(http, answer)));

    private async Task ReceiveAsync(HttpContext http, Func<HttpContext, FakeCall, Task> answer)
    {
        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer);
        var call = new FakeCall(buffer.ToArray(), http.Request.HasJsonContentType());
        call.Authorization = http.Request.Headers.Authorization.ToString();
        call.Headers = http.Request.Headers.ToDictionary(static header => header.Key.ToLowerInvariant(), static header => header.Value.ToString(), StringComparer.Ordinal);
        if (IsDown)
        {
            http.Abort();
            return;
        }

        Calls.AddOrUpdate(call.Word("id", ""), call, (_, earlier) =>
        {
            call.Times = earlier.Times + 1;
            return call;
        });
        try
        {
            await (call.Fails ? FailAsync(http, call) : answer(http, call));
        }
        catch (OperationCanceledException)
        {
            call.WasCancelled = true;
        }
    }

    private static async Task FailAsync(HttpContext http, FakeCall call)
    {
        http.Response.StatusCode = call.Number("status", 500);
        http.Response.ContentType = "application/json";
        if (call.Number("retry", 0) is > 0 and var retry)
            http.Response.Headers.RetryAfter = $"{retry}";
        await http.Response.WriteAsync(BadToolSchema);
    }

    private static async Task PlainAsync(HttpContext http, FakeCall call)
    {
        await Task.Delay(call.IsMeant ? call.Number("pause", 0) : 0, http.RequestAborted);
        var mode = call.Word("mode", "answer");
        http.Response.ContentType = mode == "html" ? "text/html" : "application/json";
        if (mode == "empty")
            return;
        if (mode == "html")
        {
            await http.Response.WriteAsync("<html><body>Welcome to nginx!</body></html>");
            return;
        }

        call.Emitted = call.Count;
        var message = mode == "tools"
            ? """{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}}]}"""
            : $$"""{"role":"assistant","content":"{{call.Text}}"}""";
        var usage = mode == "nousage" ? "" : $$""","usage":{{call.Usage}}""";
        await http.Response.WriteAsync(
            $$"""{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"echo-1-2026","x_upstream":{"kept":1.50},"choices":[{"index":0,"message":{{message}},"finish_reason":"{{(mode == "tools" ? "tool_calls" : "stop")}}"}]{{usage}}}""");
    }
}

/// <summary>One call that came to the fake: its exact bytes, and what was sent back.</summary>
internal sealed partial class FakeCall
{
    private readonly Dictionary<string, string> words = [];
    private int emitted;

    /// <param name="body">What was sent.</param>
    /// <param name="isJson">Whether it says that it is JSON; a form has none.</param>
    public FakeCall(byte[] body, bool isJson)
    {
        Body = body;
        Json = isJson ? JsonNode.Parse(body)! : new JsonObject();
        foreach (var word in Script().Match(Encoding.UTF8.GetString(body)).Groups["words"].Value.Split(';', StringSplitOptions.RemoveEmptyEntries))
            words[word.Split('=')[0]] = word.Split('=')[1];
    }

    public byte[] Body { get; }

    public JsonNode Json { get; }

    public string Authorization { get; set; } = "";

    /// <summary>All headers that came, by their names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    public bool WasCancelled { get; set; }

    /// <summary>How often a call with this id came, this one included.</summary>
    public int Times { get; set; } = 1;

    /// <summary>Output tokens sent so far.</summary>
    public int Emitted
    {
        get => Volatile.Read(ref emitted);
        set => Volatile.Write(ref emitted, value);
    }

    /// <summary>Whether this upstream model is the one that misbehaves, if the script names one.</summary>
    public bool IsMeant => Word("only", "") is var only && (only.Length == 0 || only == Json["model"]?.GetValue<string>());

    public bool Fails => IsMeant && Number("status", 200) != 200 && Times <= Number("fails", int.MaxValue);

    public bool WantsStream => Json["stream"]?.GetValue<bool>() == true;

    public int Count => Number("count", 86);

    public string Text => Word("mode", "") == "json" ? """{\"city\":\"Paris\"}""" : string.Join(' ', Enumerable.Repeat("a", Count));

    public string Usage => $$"""{"prompt_tokens":{{Number("in", 24)}},"completion_tokens":{{Word("out", $"{Count}").Replace('_', '.')}},"total_tokens":{{Number("in", 24) + Count}}}""";

    public string Word(string name, string otherwise) => words.GetValueOrDefault(name, otherwise);

    public int Number(string name, int otherwise) => words.TryGetValue(name, out var text) ? int.Parse(text) : otherwise;

    [GeneratedRegex("fake:(?<words>[a-zA-Z0-9=;_-]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Script();
}
