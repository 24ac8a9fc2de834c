using System.Net;
using Gateway.Host.OpenAi;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Host.Pipeline;

/// <summary>Refuses requests whose framing two servers could read in two ways, which Kestrel lets through.</summary>
internal static class Framing
{
    /// <summary>The error, or <c>null</c> for a request that is framed soundly.</summary>
    public static GatewayError? Check(HttpRequest request)
    {
        var headers = request.Headers;
        if (HttpMethods.IsTrace(request.Method) || HttpMethods.IsConnect(request.Method))
            return GatewayError.MethodNotAllowed;

        if (headers.TransferEncoding.Count > 0)
        {
            // Kestrel prefers Transfer-Encoding and keeps the contradicting length under this name.
            if (headers.ContainsKey("X-Content-Length") || string.Equals(request.Protocol, HttpProtocol.Http10, StringComparison.Ordinal))
                return GatewayError.BadFraming;
            if (!string.Equals(headers.TransferEncoding.ToString(), "chunked", StringComparison.OrdinalIgnoreCase))
                return GatewayError.UnsupportedFraming;
        }

        return headers.Expect.Count > 0 && !string.Equals(headers.Expect.ToString(), "100-continue", StringComparison.OrdinalIgnoreCase)
            ? GatewayError.ExpectationFailed
            : null;
    }
}

/// <summary>The outermost middleware: ids, framing, and OpenAI's shape for every error that nothing else has written.</summary>
internal sealed partial class ErrorShape(RequestDelegate next, ILogger<ErrorShape> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        http.Response.Headers["x-request-id"] = NewId();
        if (Framing.Check(http.Request) is { } framing)
        {
            http.Response.Headers.Connection = "close";
            await ErrorWriter.WriteAsync(http, framing);
            return;
        }

        try
        {
            await next(http);
        }
        catch (BadHttpRequestException bad)
        {
            await AnswerAsync(http, Shape(bad.StatusCode, http));
            return;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody reads an answer.
            return;
        }
        catch (Exception exception) when (StoredAnswers.IsAway(exception))
        {
            LogAway(http.Request.Path, exception.Message);
            await AnswerAsync(http, GatewayError.StoreAway);
            return;
        }
        catch (Exception exception)
        {
            LogUnhandled(exception, http.Request.Path);
            await AnswerAsync(http, GatewayError.Internal);
            return;
        }

        var response = http.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentLength is null && response.ContentType is null
            && !http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
            await AnswerAsync(http, Shape(response.StatusCode, http));
    }

    private static string NewId() => string.Create("req_".Length + 32, Guid.CreateVersion7(), static (text, id) =>
    {
        "req_".CopyTo(text);
        id.TryFormat(text["req_".Length..], out _, "N");
    });

    private static GatewayError Shape(int status, HttpContext http) => status switch
    {
        StatusCodes.Status404NotFound => GatewayError.NotFound,
        StatusCodes.Status405MethodNotAllowed => GatewayError.MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => GatewayError.TooLarge(http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? 0),
        StatusCodes.Status415UnsupportedMediaType => GatewayError.UnsupportedMediaType,
        StatusCodes.Status408RequestTimeout => GatewayError.RequestTimeout,
        >= 500 => GatewayError.Internal,
        _ => new GatewayError(status, status == 400 ? "invalid_body" : null, $"The request was refused: {(HttpStatusCode)status}."),
    };

    private static Task AnswerAsync(HttpContext http, GatewayError error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        return ErrorWriter.WriteAsync(http, error);
    }

    [LoggerMessage(2, LogLevel.Warning, "{Path} needs a store that is away: {Reason}")]
    private partial void LogAway(string path, string reason);

    [LoggerMessage(1, LogLevel.Error, "Unhandled exception on {Path}.")]
    private partial void LogUnhandled(Exception exception, string path);
}
