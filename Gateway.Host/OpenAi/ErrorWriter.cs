using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Host.Anthropic;
using Gateway.Transforms;

namespace Gateway.Host.OpenAi;

/// <summary>Writes a <see cref="GatewayError"/> as a response, or as the bytes of a stream's last event.</summary>
internal static class ErrorWriter
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with the error; what the response held before is dropped, its headers are kept.</summary>
    public static Task WriteAsync(HttpContext http, GatewayError error) => http.Features.Get<CallKind>() == CallKind.Messages
        ? AnthropicError.WriteAsync(http, error)
        : WriteAsync(http, error, Body(error));

    /// <summary>Answers with the error in the words of another API.</summary>
    public static async Task WriteAsync(HttpContext http, GatewayError error, byte[] body)
    {
        // For whoever counts or traces the request.
        http.Features.Set(error);
        var response = http.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        if (error.RetryAfter is { } wait)
        {
            // Whole seconds, at least one: the OpenAI .NET SDK retries at once without them.
            var milliseconds = Math.Max(1, (long)Math.Ceiling(wait.TotalMilliseconds));
            response.Headers.RetryAfter = Math.Max(1, (milliseconds + 999) / 1000).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = milliseconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.Final)
            response.Headers["x-should-retry"] = "false";

        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(body, CancellationToken.None);
    }

    /// <summary>The error as the last event of a stream of this API; nothing follows.</summary>
    public static byte[] Event(HttpContext http, GatewayError error, CallKind kind)
    {
        if (kind == CallKind.Messages)
            return AnthropicError.Event(http, error);
        return kind == CallKind.Responses ? ResponsesEvent(error) : [.. "data: "u8, .. Body(error), .. "\n\n"u8];
    }

    // https://platform.openai.com/docs/api-reference/responses-streaming/error
    private static byte[] ResponsesEvent(GatewayError error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        buffer.Write("event: error\ndata: "u8);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteString("type", "error");
            json.WriteString("code", error.Code);
            json.WriteString("message", error.Message);
            json.WriteString("param", error.Param);
            json.WriteNumber("sequence_number", 0);
            json.WriteEndObject();
        }

        buffer.Write("\n\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Body(GatewayError error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", error.Type);
        json.WriteString("param", error.Param);
        json.WriteString("code", error.Code);
        if (error.AffordableMaxTokens is { } affordable)
            json.WriteNumber("affordable_max_tokens", affordable);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
