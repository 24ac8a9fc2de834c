using System.Text;

namespace Gateway.Tests.Fakes;

/// <summary>The sound parts that scripts of <see cref="RawUpstream"/> are made of: an answer of three tokens, plain and as events.</summary>
internal static class RawAnswers
{
    public const string Usage = """{"prompt_tokens":24,"completion_tokens":3,"total_tokens":27}""";

    public const string EventStream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    public const string Done = "data: [DONE]\n\n";

    public static string Role { get; } = Chunk("""{"role":"assistant","content":""}""");

    public static string Finish { get; } = Chunk("{}", "\"stop\"");

    public static string Content(string text = "a") => Chunk($$"""{"content":"{{text}}"}""");

    /// <summary>Three tokens.</summary>
    public static string Contents => Content() + Content(" a") + Content(" a");

    public static string UsageChunk(string usage = Usage) =>
        $$"""data: {"id":"chatcmpl-raw","object":"chat.completion.chunk","created":1,"model":"raw-2026","choices":[],"usage":{{usage}}}""" + "\n\n";

    /// <summary>A whole stream behind its head.</summary>
    public static string Events(string usage = Usage) => Role + Contents + Finish + UsageChunk(usage) + Done;

    /// <summary>A whole plain body; usage is left out if <c>null</c>.</summary>
    public static string Body(string? usage = Usage, string text = "a a a") =>
        $$"""{"id":"chatcmpl-raw","object":"chat.completion","created":1,"model":"raw-2026","choices":[{"index":0,"message":{"role":"assistant","content":"{{text}}"},"finish_reason":"stop"}]{{(usage is null ? "" : $",\"usage\":{usage}")}}}""";

    public static string Plain(string body, string status = "200 OK", string type = "application/json", string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{headers}\r\n{body}";

    /// <summary>The sound answer to a call, streamed if it asks for that.</summary>
    public static Task WriteAsync(RawExchange call, string usage = Usage) => call.WriteAsync(call.Stream ? EventStream + Events(usage) : Plain(Body(usage)));

    private static string Chunk(string delta, string finish = "null") =>
        $$"""data: {"id":"chatcmpl-raw","object":"chat.completion.chunk","created":1,"model":"raw-2026","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""" + "\n\n";
}
