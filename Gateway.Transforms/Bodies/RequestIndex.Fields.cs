using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The members: their ranges, their values, and what they may not be.</content>
public sealed partial class RequestIndex
{
    // An escape spells one UTF-16 unit in six bytes: a longer raw string cannot be a short name.
    private const int LongestRawName = (MaxNameLength * 6) + 2;

    private void RootValue(ReadOnlySpan<byte> body, ref Utf8JsonReader reader, ByteRange value)
    {
        _previousEnd = value.End;
        var type = reader.TokenType;
        var raw = value.Of(body);
        if (_member is not RequestMember.Other && _member == _shape.PromptMember)
        {
            CheckPrompt(type, raw);
        }

        switch (_member)
        {
            case RequestMember.Model:
                ModelValue = value;
                ReadModel(ref reader, raw);
                break;
            case RequestMember.Provider:
                ProviderValue = value;
                ProviderMember = ByteRange.Between(_memberStart, value.End);
                ReadProvider(ref reader, raw);
                break;
            case RequestMember.Stream:
                StreamValue = value;
                Stream = type is JsonTokenType.True;
                Expect(type is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null, "stream", "must be true, false or null", raw);
                break;
            case RequestMember.StreamOptions:
                StreamOptionsValue = value;
                StreamOptionsMember = ByteRange.Between(_memberStart, value.End);
                Expect(type is JsonTokenType.EndObject or JsonTokenType.Null, "stream_options", "must be an object or null", raw);
                break;
            case RequestMember.MaxTokens:
                MaxTokensValue = value;
                MaxTokens = ReadLimit(type, "max_tokens", raw);
                break;
            case RequestMember.MaxCompletionTokens:
                MaxCompletionTokensValue = value;
                MaxCompletionTokens = ReadLimit(type, "max_completion_tokens", raw);
                break;
            case RequestMember.N:
                NValue = value;
                N = ReadChoices(type, "n", _shape.MaxN, raw);
                break;
            case RequestMember.Messages:
                MessagesValue = value;
                break;
            case RequestMember.Tools:
                ToolsValue = value;
                Expect(type is JsonTokenType.EndArray or JsonTokenType.Null, "tools", "must be an array or null", raw);
                Expect(ToolCount <= MaxTools, "tools", "must have at most 512 elements", raw);
                break;
            case RequestMember.User:
                UserValue = value;
                Expect(type is JsonTokenType.String or JsonTokenType.Null, "user", "must be a string or null", raw);
                break;
            default:
                KindValue(ref reader, value, raw);
                break;
        }
    }

    private void ReadModel(ref Utf8JsonReader reader, ReadOnlySpan<byte> raw)
    {
        var isName = reader.TokenType is JsonTokenType.String && raw.Length is > 2 and <= LongestRawName;
        if (isName)
        {
            Model = reader.GetString()!; // not null: the token is a string
        }

        Expect(isName && Model.Length <= MaxNameLength, "model", "must be a string of 1 to 256 characters", raw);
    }

    private void ReadProvider(ref Utf8JsonReader reader, ReadOnlySpan<byte> raw)
    {
        if (reader.TokenType is not JsonTokenType.String)
        {
            return;
        }

        var isName = raw.Length <= LongestRawName;
        if (isName)
        {
            Provider = reader.GetString();
        }

        Expect(isName && Provider!.Length <= MaxNameLength, "provider", "must have at most 256 characters", raw); // not null: isName
    }

    private long? ReadLimit(JsonTokenType type, string field, ReadOnlySpan<byte> raw)
    {
        if (type is JsonTokenType.Null)
        {
            return null;
        }

        long value = 0;
        var isLimit = type is JsonTokenType.Number && JsonText.TryReadCount(raw, out value) && value is >= 1 and <= int.MaxValue;
        Expect(isLimit, field, WholeNumber, raw);
        return isLimit ? value : null;
    }

    private int ReadChoices(JsonTokenType type, string field, int most, ReadOnlySpan<byte> raw)
    {
        if (type is JsonTokenType.Null)
        {
            return 1;
        }

        long value = 0;
        var isCount = type is JsonTokenType.Number && JsonText.TryReadCount(raw, out value) && value >= 1 && value <= most;
        if (!isCount)
        {
            Refuse(field, $"{field} must be a whole number from 1 to {most}, or be left out; it is ", raw);
        }

        return isCount ? (int)value : 1;
    }

    private void Expect(bool holds, string field, string demand, ReadOnlySpan<byte> raw)
    {
        if (!holds)
        {
            Refuse(field, $"{field} {demand}; it is ", raw);
        }
    }

    // The first refusal stays; the scan goes on, because a fault of structure counts for more.
    private void Refuse(string field, string message, ReadOnlySpan<byte> raw)
    {
        if (_fieldError.Fault is BodyFault.None)
        {
            _fieldError = new BodyError(BodyFault.InvalidField, field, $"{message}{JsonText.Excerpt(raw)}.");
        }
    }
}
