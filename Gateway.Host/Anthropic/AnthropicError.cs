using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Host.OpenAi;
using Gateway.Transforms.Providers.Anthropic;

namespace Gateway.Host.Anthropic;

/// <summary>Writes a <see cref="GatewayError"/> as Anthropic's clients expect it: https://platform.claude.com/docs/en/api/errors.</summary>
/// <remarks>The gateway's <c>code</c> stands beside Anthropic's <c>type</c>, and so does what it says of the balance: their SDKs pass it on.</remarks>
internal static class AnthropicError
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with the error; what the response held before is dropped, its headers are kept.</summary>
    public static Task WriteAsync(HttpContext http, GatewayError error)
    {
        // The name under which Anthropic's SDKs look for it.
        var requestId = RequestId(http);
        http.Response.Headers["request-id"] = requestId;
        return ErrorWriter.WriteAsync(http, error, Body(error, requestId));
    }

    /// <summary>The error as the last event of a stream; no <c>message_stop</c> follows.</summary>
    public static byte[] Event(HttpContext http, GatewayError error) => [.. "event: error\ndata: "u8, .. Body(error, RequestId(http)), .. "\n\n"u8];

    private static string? RequestId(HttpContext http) => http.Response.Headers["x-request-id"] is [{ } requestId, ..] ? requestId : null;

    private static byte[] Body(GatewayError error, string? requestId)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", MessagesError.TypeOf(error.Status));
        json.WriteString("message", error.Message);
        if (error.Code is { } code)
            json.WriteString("code", code);
        if (error.Param is { } param)
            json.WriteString("param", param);
        if (error.AffordableMaxTokens is { } affordable)
            json.WriteNumber("affordable_max_tokens", affordable);
        json.WriteEndObject();
        json.WriteString("request_id", requestId);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
