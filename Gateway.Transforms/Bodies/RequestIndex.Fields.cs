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
        switch (_member)
        {
            case Member.Model:
                ModelValue = value;
                ReadModel(ref reader, raw);
                break;
            case Member.Provider:
                ProviderValue = value;
                ProviderMember = ByteRange.Between(_memberStart, value.End);
                ReadProvider(ref reader, raw);
                break;
            case Member.Stream:
                StreamValue = value;
                Stream = type is JsonTokenType.True;
                Expect(type is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null, "stream", "must be true, false or null", raw);
                break;
            case Member.StreamOptions:
                StreamOptionsValue = value;
                StreamOptionsMember = ByteRange.Between(_memberStart, value.End);
                Expect(type is JsonTokenType.EndObject or JsonTokenType.Null, "stream_options", "must be an object or null", raw);
                break;
            case Member.MaxTokens:
                MaxTokensValue = value;
                MaxTokens = ReadLimit(type, "max_tokens", raw);
                break;
            case Member.MaxCompletionTokens:
                MaxCompletionTokensValue = value;
                MaxCompletionTokens = ReadLimit(type, "max_completion_tokens", raw);
                break;
            case Member.N:
                NValue = value;
                ReadN(type, raw);
                break;
            case Member.Messages:
                MessagesValue = value;
                CheckMessages(type, raw);
                break;
            case Member.Tools:
                ToolsValue = value;
                Expect(type is JsonTokenType.EndArray or JsonTokenType.Null, "tools", "must be an array or null", raw);
                Expect(ToolCount <= MaxTools, "tools", "must have at most 512 elements", raw);
                break;
            case Member.User:
                UserValue = value;
                Expect(type is JsonTokenType.String or JsonTokenType.Null, "user", "must be a string or null", raw);
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
        Expect(isLimit, field, "must be a whole number from 1 to 2147483647 written with digits only, or be left out", raw);
        return isLimit ? value : null;
    }

    private void ReadN(JsonTokenType type, ReadOnlySpan<byte> raw)
    {
        if (type is JsonTokenType.Null)
        {
            return;
        }

        long value = 0;
        var isCount = type is JsonTokenType.Number && JsonText.TryReadCount(raw, out value) && value is >= 1 and <= MaxN;
        Expect(isCount, "n", "must be a whole number from 1 to 16, or be left out", raw);
        N = isCount ? (int)value : 1;
    }

    private void CheckMessages(JsonTokenType type, ReadOnlySpan<byte> raw)
    {
        if (type is JsonTokenType.Null && !RequiresMessages)
        {
            return;
        }

        Expect(type is JsonTokenType.EndArray && MessageCount > 0, "messages", "must be an array of at least one message", raw);
        if (_badMessage >= 0)
        {
            Refuse("messages", $"messages[{_badMessage}] must be an object; messages is ", raw);
        }

        Expect(MessageCount <= MaxMessages, "messages", "must have at most 2048 elements", raw);
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
