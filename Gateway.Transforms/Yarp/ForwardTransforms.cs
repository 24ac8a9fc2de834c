using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Transforms.Yarp;

/// <summary>Moves bytes in and out of YARP for every forwarded call: the request as the pipeline wrote it, the answer whole or through a relay.</summary>
/// <remarks>
/// YARP copies no header in either direction: what goes upstream is an allow-list here, what goes to the client is the pipeline's.
/// The request body is replaced on <see cref="HttpContext.Request"/>, and its length on the outgoing content: YARP forbids another content object.
/// </remarks>
public sealed class ForwardTransforms(TimeProvider time) : ITransformProvider
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private const string Product = "gateway/1.0";

    /// <inheritdoc/>
    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    /// <inheritdoc/>
    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    /// <inheritdoc/>
    public void Apply(TransformBuilderContext context)
    {
        context.CopyRequestHeaders = false;
        context.CopyResponseHeaders = false;
        context.CopyResponseTrailers = false;
        context.UseDefaultForwarders = false;
        context.AddRequestTransform(SendAsync);
        context.AddResponseTransform(ReceiveAsync);
    }

    private static ValueTask SendAsync(RequestTransformContext context)
    {
        var attempt = context.HttpContext.Features.GetRequiredFeature<ForwardAttempt>();
        context.Path = attempt.Path;
        var headers = context.ProxyRequest.Headers;
        UpstreamHeaders.Add(headers, "Accept", attempt.Accept);
        UpstreamHeaders.Add(headers, "User-Agent", Product);
        headers.Host = null;
        foreach (var (name, value) in attempt.Headers)
            UpstreamHeaders.Add(headers, name, value);

        context.ProxyRequest.Content!.Headers.ContentType = string.Equals(attempt.ContentType, Json.MediaType, StringComparison.Ordinal) ? Json : MediaTypeHeaderValue.Parse(attempt.ContentType);
        context.ProxyRequest.Content.Headers.ContentLength = attempt.Body.Length;
        return ValueTask.CompletedTask;
    }

    private async ValueTask ReceiveAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response)
            return;

        var attempt = context.HttpContext.Features.GetRequiredFeature<ForwardAttempt>();
        attempt.OnHead();
        var mediaType = response.Content.Headers.ContentType?.MediaType ?? "";
        var stream = await response.Content.ReadAsStreamAsync(attempt.CancellationToken);
        var encoded = IsEncoded(response.Content.Headers);
        if ((int)response.StatusCode == StatusCodes.Status200OK && !encoded && attempt.Streams(mediaType))
        {
            if (await attempt.OnStreamAsync(stream, mediaType) is { } passedOn)
                response.Content = new StreamContent(passedOn);
            else
                context.SuppressResponseBody = true;
            return;
        }

        context.SuppressResponseBody = true;
        var answer = new UpstreamAnswer
        {
            Status = (int)response.StatusCode,
            MediaType = encoded ? "" : mediaType,
            RetryAfter = response.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } => date - time.GetUtcNow(),
                _ => null,
            },
        };
        attempt.Answer = answer;
        await answer.ReadAsync(stream, MaxBytes(answer.Status), attempt.IdleTimeout, attempt.CancellationToken);
    }

    private static bool IsEncoded(HttpContentHeaders headers)
    {
        if (!headers.NonValidated.Contains("Content-Encoding"))
            return false;
        return headers.ContentEncoding.Any(static encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase));
    }

    // An error's body is shown to the client at most; nobody needs a megabyte of it.
    private static int MaxBytes(int status) => status is >= 200 and < 300 ? ForwardAttempt.MaxAnswerBytes : 1024 * 1024;
}
