using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Google's errors, <c>{"error":{"code":400,"message":"…","status":"INVALID_ARGUMENT"}}</c>, in OpenAI's shape: https://google.aip.dev/193.</summary>
internal static class GeminiError
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    /// <summary>Writes the error of a body, which may stand in an array of one, as streams without SSE have it; false if it has no message.</summary>
    public static bool TryWrite(ReadOnlySpan<byte> body, int status, IBufferWriter<byte> output)
    {
        if (!Utf8.IsValid(body))
            return false;

        try
        {
            var reader = new Utf8JsonReader(body, Options);
            if (!reader.Read() || (reader.TokenType is JsonTokenType.StartArray && !reader.Read()) || reader.TokenType is not JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isError = reader.ValueSpan.SequenceEqual("error"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (!isError)
                    continue;

                var error = Read(body[start..(int)reader.BytesConsumed]);
                if (error.Message.IsEmpty)
                    return false;
                Write(error, status, output);
                return true;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return false;
    }

    /// <summary>Writes the value of an <c>error</c> that is valid JSON, as an event of a stream has it.</summary>
    public static void Write(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        var error = Read(value);
        Write(error, error.Code, output);
    }

    private static ErrorText Read(ReadOnlySpan<byte> value)
    {
        var error = new ErrorText();
        var reader = new Utf8JsonReader(value, Options);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            return error;

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            var type = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var raw = value[start..(int)reader.BytesConsumed];
            if (type is JsonTokenType.String && name.SequenceEqual("message"u8))
                error.Message = raw;
            else if (type is JsonTokenType.String && name.SequenceEqual("status"u8))
                error.Status = raw;
            else if (type is JsonTokenType.Number && name.SequenceEqual("code"u8) && JsonText.TryReadCount(raw, out var code))
                error.Code = (int)Math.Min(code, int.MaxValue);
        }

        return error;
    }

    private static void Write(in ErrorText error, int status, IBufferWriter<byte> output)
    {
        output.Write("{\"error\":{\"message\":"u8);
        output.Write(error.Message.IsEmpty ? "\"The provider reported an error without a message.\""u8 : error.Message);
        output.Write(",\"type\":"u8);
        output.Write(status switch
        {
            429 => "\"rate_limit_error\""u8,
            >= 400 and < 500 => "\"invalid_request_error\""u8,
            _ => "\"server_error\""u8,
        });
        output.Write(",\"param\":null,\"code\":"u8);
        output.Write(error.Status.IsEmpty ? "null"u8 : error.Status);
        output.Write("}}"u8);
    }

    private ref struct ErrorText
    {
        public ReadOnlySpan<byte> Message;
        public ReadOnlySpan<byte> Status;
        public int Code;
    }
}
