using System.Buffers;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Errors in Anthropic's shape: https://platform.claude.com/docs/en/api/errors.</summary>
public static class MessagesError
{
    /// <summary>The word for a status.</summary>
    public static ReadOnlySpan<byte> TypeOf(int status) => status switch
    {
        401 => "authentication_error"u8,
        402 => "billing_error"u8,
        403 => "permission_error"u8,
        404 => "not_found_error"u8,
        413 => "request_too_large"u8,
        429 => "rate_limit_error"u8,
        408 or 504 => "timeout_error"u8,
        503 or 529 => "overloaded_error"u8,
        >= 500 and not 501 => "api_error"u8,
        _ => "invalid_request_error"u8,
    };

    /// <summary>The word for OpenAI's type, as the gateway writes it.</summary>
    internal static ReadOnlySpan<byte> TypeOf(JsonPiece type) =>
        type.Is("invalid_request_error"u8) ? "invalid_request_error"u8
        : type.Is("authentication_error"u8) ? "authentication_error"u8
        : type.Is("insufficient_quota"u8) ? "billing_error"u8
        : type.Is("permission_error"u8) ? "permission_error"u8
        : type.Is("rate_limit_error"u8) ? "rate_limit_error"u8
        : "api_error"u8;

    /// <summary>Writes OpenAI's error object in Anthropic's shape: the message is kept, and the code beside it.</summary>
    internal static void Write(ReadOnlySpan<byte> type, JsonPiece error, IBufferWriter<byte> output)
    {
        output.Write("{\"type\":\"error\",\"error\":{\"type\":\""u8);
        output.Write(type);
        output.Write("\",\"message\":"u8);
        var message = error.IsText ? error : error.Member("message"u8);
        output.Write(message.IsText ? message.Raw : "\"The provider failed.\""u8);
        var code = error.Member("code"u8);
        if (code.IsText)
        {
            output.Write(",\"code\":"u8);
            output.Write(code.Raw);
        }

        output.Write("}}"u8);
    }
}
