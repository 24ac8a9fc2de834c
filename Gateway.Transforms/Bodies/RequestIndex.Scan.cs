using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The scan: structure is checked everywhere, members are recorded at the top level.</content>
public sealed partial class RequestIndex
{
    private RequestMember _member;
    private int _memberCount;
    private int _memberStart;
    private int _valueStart;
    private int _previousEnd;
    private bool _inIncludeUsage;
    private BodyError _fieldError;

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
            _inIncludeUsage = _member is RequestMember.StreamOptions && key.SequenceEqual("include_usage"u8);
            return;
        }

        if (depth != 1)
        {
            return;
        }

        // The comma behind a first member goes with it.
        if (_memberCount == 1 && _member is RequestMember.Provider)
        {
            ProviderMember = ByteRange.Between(ProviderMember.Offset, nameStart);
        }
        else if (_memberCount == 1 && _member is RequestMember.StreamOptions)
        {
            StreamOptionsMember = ByteRange.Between(StreamOptionsMember.Offset, nameStart);
        }

        _inIncludeUsage = false;
        _member = RequestShape.Classify(key) & _shape.Members;
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
            BeginElement(reader.TokenType, reader.ValueSpan);
            if (_inIncludeUsage)
            {
                Refuse("stream_options", "stream_options.include_usage must be true, false or null; it is ", reader.ValueSpan);
            }
        }
        else if (depth == 3)
        {
            BeginInnerElement(reader.TokenType, reader.ValueSpan);
        }
    }

    private void EndContainer(ReadOnlySpan<byte> body, ref Utf8JsonReader reader, int depth)
    {
        var end = (int)reader.BytesConsumed;
        if (depth == 1)
        {
            RootValue(body, ref reader, ByteRange.Between(_valueStart, end));
        }
        else if (depth == 2 && _member is RequestMember.StreamOptions)
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
            BeginElement(reader.TokenType, reader.ValueSpan);
            if (_member is not RequestMember.StreamOptions)
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
        else if (depth == 3)
        {
            BeginInnerElement(reader.TokenType, reader.ValueSpan);
        }
    }
}
