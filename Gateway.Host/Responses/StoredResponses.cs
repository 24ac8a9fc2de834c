using System.Text;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Ledger.Book;
using Gateway.Transforms;

namespace Gateway.Host.Responses;

/// <summary>
/// <c>GET</c> and <c>DELETE /v1/responses/{id}</c> and <c>GET /v1/responses/{id}/input_items</c>: passed to the channel that made the response, for the
/// tenant that it was made for. Free: no model runs.
/// </summary>
internal sealed partial class StoredResponses(ResponseOrigins origins, Func<CatalogueSnapshot> catalogue, ChannelHttp http, TimeProvider time, ILogger<StoredResponses> log)
{
    // As OpenAI bounds a response's images and files in base64.
    private const int MaxAnswerBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly GatewayError NoBackground = new(400, "invalid_background", "Only responses made with \"background\": true can be cancelled, and those are not supported here.")
    {
        Param = "background",
        Final = true,
    };

    // What https://platform.openai.com/docs/api-reference/responses/get and /input-items take; a stream of an answer that is over is none of them.
    private static readonly string[] Parameters = ["include", "include[]", "limit", "order", "after", "before"];

    /// <summary>The response.</summary>
    public Task ReadAsync(HttpContext context, KeySnapshot key) => PassAsync(context, key, HttpMethod.Get, "");

    /// <summary>Deletes it at the provider.</summary>
    public Task DeleteAsync(HttpContext context, KeySnapshot key) => PassAsync(context, key, HttpMethod.Delete, "");

    /// <summary>What it answered.</summary>
    public Task InputItemsAsync(HttpContext context, KeySnapshot key) => PassAsync(context, key, HttpMethod.Get, "/input_items");

    /// <summary><c>POST /v1/responses/{id}/cancel</c>: there is nothing to cancel.</summary>
    public static Task CancelAsync(HttpContext context) => ErrorWriter.WriteAsync(context, NoBackground);

    private async Task PassAsync(HttpContext context, KeySnapshot key, HttpMethod method, string suffix)
    {
        var error = await TryPassAsync(context, key.Workspace, method, suffix);
        if (error is not null)
            await ErrorWriter.WriteAsync(context, error);
    }

    private async Task<GatewayError?> TryPassAsync(HttpContext context, string workspace, HttpMethod method, string suffix)
    {
        try
        {
            var id = context.Request.RouteValues["id"] as string ?? "";
            if (await origins.FindAsync(workspace, id, context.RequestAborted) is not { } origin || catalogue().FindChannel(origin.ChannelId) is not { } channel)
                return GatewayError.NotFound;
            if (!channel.Enabled)
                return GatewayError.NoChannel;
            if (Request(channel, origin, method, suffix + Query(context.Request.Query)) is not { } request)
                return GatewayError.NotFound;

            using (request)
                return await SendAsync(context, channel, origin, request);
        }
        catch (Exception exception) when (StoredAnswers.IsAway(exception) && !context.Response.HasStarted)
        {
            LogBookAway(exception);
            return GatewayError.StoreAway;
        }
    }

    private async Task<GatewayError?> SendAsync(HttpContext context, Channel channel, ResponseOrigin origin, HttpRequestMessage request)
    {
        var (status, body, error) = await AskAsync(channel, request, context.RequestAborted);
        if (error is not null)
            return error;
        if (status < 300 && request.Method == HttpMethod.Delete)
            await origins.DeleteAsync(origin.Workspace, origin.ResponseId, CancellationToken.None);

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return null;
    }

    private async Task<(int Status, byte[] Body, GatewayError? Error)> AskAsync(Channel channel, HttpRequestMessage request, CancellationToken aborted)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, deadline.Token);
        try
        {
            using var response = await http.For(channel).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var status = (int)response.StatusCode;
            if (status is 401 or 403)
                return (status, [], GatewayError.UpstreamAuth);
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            var isAnswer = status is (>= 200 and < 300) or 400 or 404 or 422 && IsJson(response, body);
            return (status, body, isAnswer ? null : GatewayError.Upstream);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            LogFailed(channel.Id, exception.GetType().Name);
            return (0, [], GatewayError.Upstream);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            LogFailed(channel.Id, "too slow");
            return (0, [], GatewayError.UpstreamTimeout);
        }
    }

    private static HttpRequestMessage? Request(Channel channel, ResponseOrigin origin, HttpMethod method, string rest)
    {
        if (channel.Preset.PathOf(CallKind.Responses, origin.UpstreamModel, stream: false) is not { } path)
            return null;

        // A query of the preset's own, such as a version, goes behind the id.
        var query = path.IndexOf('?', StringComparison.Ordinal);
        var (head, tail) = query < 0 ? (path, "") : (path[..query], "&" + path[(query + 1)..]);
        var target = $"{channel.BaseUrls[0].TrimEnd('/')}{head}/{Uri.EscapeDataString(origin.ResponseId)}{rest}";
        tail = tail.Length > 0 && !rest.Contains('?', StringComparison.Ordinal) ? "?" + tail[1..] : tail;
        var request = new HttpRequestMessage(method, target + tail);
        ChannelCall.Authorize(request, channel);
        return request;
    }

    private static string Query(IQueryCollection query)
    {
        var text = new StringBuilder();
        foreach (var name in Parameters)
        {
            foreach (var value in query[name])
                text.Append(text.Length == 0 ? '?' : '&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value ?? ""));
        }

        return text.ToString();
    }

    private static bool IsJson(HttpResponseMessage response, byte[] body) =>
        response.Content.Headers.ContentEncoding.Count == 0
        && string.Equals(response.Content.Headers.ContentType?.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
        && body.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8);

    [LoggerMessage(1, LogLevel.Warning, "Channel {Channel} did not answer for a stored response: {Cause}.")]
    private partial void LogFailed(string channel, string cause);

    [LoggerMessage(2, LogLevel.Warning, "The book is away: nobody knows who made a stored response.")]
    private partial void LogBookAway(Exception exception);
}
