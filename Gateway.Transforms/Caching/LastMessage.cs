using System.Runtime.CompilerServices;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Caching;

/// <summary>The last message of a conversation, found on the way: whether it is a question in plain text, and where its text stands.</summary>
internal struct LastMessage
{
    /// <summary>What is nested deeper says nothing here.</summary>
    public const int DeepestLevel = 5;

    private const int MessageLevel = 2;
    private const int FieldLevel = 3;
    private const int PartLevel = 4;
    private const int PartFieldLevel = 5;
    private const int MaxParts = 8;

    private Field _field;
    private Field _partField;
    private bool _isText;
    private bool _isSystem;
    private bool _partIsText;
    private bool _partHasOther;
    private int _contentStart;
    private Parts _parts;

    private enum Field
    {
        Other,
        Role,
        Content,
        Type,
        Text,
    }

    /// <summary>Messages that are neither system nor developer prompts.</summary>
    public int Turns { get; private set; }

    /// <summary>Whether it is the user's.</summary>
    public bool IsUser { get; private set; }

    /// <summary>Whether its content is text and nothing else.</summary>
    public readonly bool IsText => _isText && PartCount is > 0 and <= MaxParts;

    /// <summary>Text parts; a plain string is one.</summary>
    public int PartCount { get; private set; }

    /// <summary>Its content among the canonical bytes.</summary>
    public ByteRange Content { get; private set; }

    /// <summary>A text part among the canonical bytes, without quotes.</summary>
    public readonly ByteRange Part(int index) => _parts[index];

    /// <summary>Sees a token inside of <c>messages</c>.</summary>
    /// <param name="reader">Stands on it.</param>
    /// <param name="depth">2 to <see cref="DeepestLevel"/>.</param>
    /// <param name="position">Where it stands among the canonical bytes.</param>
    public void Token(ref Utf8JsonReader reader, int depth, int position)
    {
        switch (depth)
        {
            case MessageLevel when reader.TokenType is JsonTokenType.StartObject:
                this = new LastMessage { Turns = Turns };
                break;
            case MessageLevel:
                // The end of a message, or what is none.
                Turns += _isSystem ? 0 : 1;
                break;
            case FieldLevel when reader.TokenType is JsonTokenType.PropertyName:
                _field = Classify(ref reader);
                break;
            case FieldLevel when _field is Field.Role:
                IsUser = reader.TokenType is JsonTokenType.String && reader.ValueTextEquals("user"u8);
                _isSystem = reader.TokenType is JsonTokenType.String && (reader.ValueTextEquals("system"u8) || reader.ValueTextEquals("developer"u8));
                break;
            case FieldLevel when _field is Field.Content:
                ContentToken(ref reader, position);
                break;
            case PartLevel or PartFieldLevel when _field is Field.Content:
                PartToken(ref reader, depth, position);
                break;
        }
    }

    private static Field Classify(ref Utf8JsonReader reader) => reader.ValueSpan.Length switch
    {
        _ when reader.ValueIsEscaped => Field.Other,
        4 when reader.ValueSpan.SequenceEqual("role"u8) => Field.Role,
        4 when reader.ValueSpan.SequenceEqual("type"u8) => Field.Type,
        4 when reader.ValueSpan.SequenceEqual("text"u8) => Field.Text,
        7 when reader.ValueSpan.SequenceEqual("content"u8) => Field.Content,
        _ => Field.Other,
    };

    private void ContentToken(ref Utf8JsonReader reader, int position)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                _isText = true;
                AddPart(ref reader, position);
                Content = new ByteRange(position, reader.ValueSpan.Length + 2);
                break;
            case JsonTokenType.StartArray:
                _isText = true;
                _contentStart = position;
                break;
            case JsonTokenType.EndArray:
                Content = ByteRange.Between(_contentStart, position + 1);
                break;
            default:
                _isText = false;
                break;
        }
    }

    private void PartToken(ref Utf8JsonReader reader, int depth, int position)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when depth == PartLevel:
                (_partIsText, _partHasOther) = (false, false);
                break;
            case JsonTokenType.EndObject when depth == PartLevel:
                _isText &= _partIsText && !_partHasOther;
                break;
            case JsonTokenType.PropertyName:
                _partField = Classify(ref reader);
                _partHasOther |= _partField is not (Field.Type or Field.Text);
                break;
            case JsonTokenType.String when depth == PartFieldLevel && _partField is Field.Type:
                _partIsText = reader.ValueTextEquals("text"u8);
                break;
            case JsonTokenType.String when depth == PartFieldLevel && _partField is Field.Text:
                AddPart(ref reader, position);
                break;
            default:
                _isText = false;
                break;
        }
    }

    private void AddPart(ref Utf8JsonReader reader, int position)
    {
        if (PartCount < MaxParts)
        {
            _parts[PartCount] = new ByteRange(position + 1, reader.ValueSpan.Length);
        }

        PartCount++;
    }

    [InlineArray(MaxParts)]
    private struct Parts
    {
        private ByteRange _first;
    }
}
