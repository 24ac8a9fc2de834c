using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The scan: structure is checked everywhere, members are recorded at the top level.</content>
public sealed partial class RequestIndex
{
    private Member _member;
    private int _memberCount;
    private int _memberStart;
    private int _valueStart;
    private int _previousEnd;
    private int _badMessage = -1;
    private bool _inIncludeUsage;
    private BodyError _fieldError;

    private enum Member
    {
        Other,
        Model,
        Provider,
        Stream,
        StreamOptions,
        MaxTokens,
        MaxCompletionTokens,
        N,
        Messages,
        Tools,
        User,
    }

    private BodyError Scan(ReadOnlySpan<byte> body, ref Utf8JsonReader reader, ref KeySet keys)
    {
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            return new BodyError(BodyFault.NotObject, Field: null, $"The body must be a JSON object; it is {JsonText.Excerpt(body)}.");
        }

        Span<int> objectIds = stackalloc int[MaxDepth];
        objectIds.Clear();
        var objects = 1;
        AfterOpeningBrace = (int)reader.BytesConsumed;
        while (reader.Read())
        {
            var depth = reader.CurrentDepth;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var fault = AddKey(ref reader, ref keys, objectIds[depth - 1], out var key);
                    if (fault is not BodyFault.None)
                    {
                        return KeyError(fault, reader.ValueSpan);
                    }

                    BeginMember(depth, key, (int)reader.TokenStartIndex);
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (depth >= MaxDepth)
                    {
                        return new BodyError(BodyFault.TooDeep, Field: null, $"The body is nested deeper than {MaxDepth} levels. Flatten it.");
                    }

                    objectIds[depth] = objects++;
                    BeginContainer(ref reader, depth);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray when depth > 0:
                    EndContainer(body, ref reader, depth);
                    break;
                case JsonTokenType.EndObject:
                    IsEmpty = _memberCount == 0;
                    AfterLastMember = IsEmpty ? AfterOpeningBrace : _previousEnd;
                    ClosingBrace = (int)reader.TokenStartIndex;
                    break;
                default:
                    if (reader.TokenType is JsonTokenType.String && reader.ValueIsEscaped && JsonText.HasLoneSurrogate(reader.ValueSpan))
                    {
                        return KeyError(BodyFault.LoneSurrogate, reader.ValueSpan);
                    }

                    Primitive(body, ref reader, depth);
                    break;
            }
        }

        return default;
    }

    private static BodyFault AddKey(ref Utf8JsonReader reader, ref KeySet keys, int objectId, out ReadOnlySpan<byte> key)
    {
        key = reader.ValueSpan;
        if (keys.Count == MaxKeys)
        {
            return BodyFault.TooManyKeys;
        }

        if (!reader.ValueIsEscaped)
        {
            return keys.TryAdd(objectId, (int)reader.TokenStartIndex + 1, key.Length) ? BodyFault.None : BodyFault.DuplicateKey;
        }

        if (JsonText.HasLoneSurrogate(key))
        {
            return BodyFault.LoneSurrogate;
        }

        return keys.TryAddEscaped(objectId, reader.ValueSpan, out key) ? BodyFault.None : BodyFault.DuplicateKey;
    }

    private static BodyError KeyError(BodyFault fault, ReadOnlySpan<byte> text) => fault switch
    {
        BodyFault.TooManyKeys => new BodyError(fault, Field: null, $"The body has more than {MaxKeys} keys. Send fewer."),
        BodyFault.DuplicateKey => new BodyError(fault, Field: null, $"The key \"{JsonText.Excerpt(text)}\" stands twice in one object. Send it once."),
        _ => new BodyError(fault, Field: null, $"The text \"{JsonText.Excerpt(text)}\" holds half of a surrogate pair. Send both halves or none."),
    };

    private void BeginMember(int depth, ReadOnlySpan<byte> key, int nameStart)
    {
        if (depth == 2)
        {
            _inIncludeUsage = _member is Member.StreamOptions && key.SequenceEqual("include_usage"u8);
            return;
        }

        if (depth != 1)
        {
            return;
        }

        // The comma behind a first member goes with it.
        if (_memberCount == 1 && _member is Member.Provider)
        {
            ProviderMember = ByteRange.Between(ProviderMember.Offset, nameStart);
        }
        else if (_memberCount == 1 && _member is Member.StreamOptions)
        {
            StreamOptionsMember = ByteRange.Between(StreamOptionsMember.Offset, nameStart);
        }

        _inIncludeUsage = false;
        _member = Classify(key);
        _memberStart = _memberCount++ == 0 ? nameStart : _previousEnd;
    }

    private void BeginContainer(ref Utf8JsonReader reader, int depth)
    {
        if (depth == 1)
        {
            _valueStart = (int)reader.TokenStartIndex;
        }
        else if (depth == 2)
        {
            CountElement(reader.TokenType is JsonTokenType.StartObject);
            if (_inIncludeUsage)
            {
                Refuse("stream_options", "stream_options.include_usage must be true, false or null; it is ", reader.ValueSpan);
            }
        }
    }

    private void EndContainer(ReadOnlySpan<byte> body, ref Utf8JsonReader reader, int depth)
    {
        var end = (int)reader.BytesConsumed;
        if (depth == 1)
        {
            RootValue(body, ref reader, ByteRange.Between(_valueStart, end));
        }
        else if (depth == 2 && _member is Member.StreamOptions)
        {
            StreamOptionsAfterLastMember = end;
        }
    }

    private void Primitive(ReadOnlySpan<byte> body, ref Utf8JsonReader reader, int depth)
    {
        var value = ByteRange.Between((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
        if (depth == 1)
        {
            RootValue(body, ref reader, value);
        }
        else if (depth == 2)
        {
            CountElement(isObject: false);
            if (_member is not Member.StreamOptions)
            {
                return;
            }

            StreamOptionsAfterLastMember = value.End;
            if (_inIncludeUsage)
            {
                IncludeUsageValue = value;
                IncludeUsage = reader.TokenType is JsonTokenType.True;
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                {
                    Refuse("stream_options", "stream_options.include_usage must be true, false or null; it is ", value.Of(body));
                }
            }
        }
    }

    private void CountElement(bool isObject)
    {
        if (_member is Member.Messages)
        {
            _badMessage = isObject || _badMessage >= 0 ? _badMessage : MessageCount;
            MessageCount++;
        }
        else if (_member is Member.Tools)
        {
            ToolCount++;
        }
    }

    private static Member Classify(ReadOnlySpan<byte> key) => key.Length switch
    {
        1 when key[0] == 'n' => Member.N,
        4 when key.SequenceEqual("user"u8) => Member.User,
        5 when key.SequenceEqual("model"u8) => Member.Model,
        5 when key.SequenceEqual("tools"u8) => Member.Tools,
        6 when key.SequenceEqual("stream"u8) => Member.Stream,
        8 when key.SequenceEqual("messages"u8) => Member.Messages,
        8 when key.SequenceEqual("provider"u8) => Member.Provider,
        10 when key.SequenceEqual("max_tokens"u8) => Member.MaxTokens,
        14 when key.SequenceEqual("stream_options"u8) => Member.StreamOptions,
        21 when key.SequenceEqual("max_completion_tokens"u8) => Member.MaxCompletionTokens,
        _ => Member.Other,
    };
}
