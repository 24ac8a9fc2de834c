using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The prompt: one member of each kind of call, with shapes of its own.</content>
public sealed partial class RequestIndex
{
    private RequestShape _shape = RequestShape.Of(CallKind.Chat);
    private int _elements;
    private int _badElement = -1;
    private PromptShapes _elementShape;
    private bool _inTokenList;

    /// <summary>What the prompt is; <see cref="PromptShapes.None"/>: it is absent.</summary>
    public PromptShapes PromptShape { get; private set; }

    /// <summary>Token numbers in the prompt.</summary>
    public int PromptNumbers { get; private set; }

    /// <summary>Elements of the prompt, where it is an array.</summary>
    public int ElementCount => _elements;

    /// <summary>Messages in the request.</summary>
    public int MessageCount => _shape.PromptMember is RequestMember.Messages ? _elements : 0;

    // Each prompt of a batch is completed for itself.
    private int Batch =>
        _shape.PromptMember is RequestMember.Prompt && PromptShape is PromptShapes.Texts or PromptShapes.TokenLists ? Math.Max(_elements, 1) : 1;

    private void CheckPrompt(JsonTokenType type, ReadOnlySpan<byte> raw)
    {
        if (IsNull(type))
            return;

        var field = Kind.PromptMember;
        PromptShape = type switch
        {
            JsonTokenType.String => PromptShapes.Text,
            JsonTokenType.EndArray when _elements > 0 => _elementShape,
            JsonTokenType.EndArray when _shape.MayHaveNoItems => PromptShapes.Items,
            _ => PromptShapes.None,
        };
        if (_badElement >= 0 && type is JsonTokenType.EndArray)
            Refuse(field, $"{field}[{_badElement}] has a type that it may not have, or another than those before it: {field} {_shape.Demand}; it is ", raw);
        Expect((PromptShape & _shape.Prompts) is not PromptShapes.None, field, _shape.Demand, raw);
        Expect(PromptShape is PromptShapes.Tokens || _elements <= MaxMessages, field, "must have at most 2048 elements", raw);
    }

    private void BeginElement(JsonTokenType type, ReadOnlySpan<byte> text)
    {
        _inTokenList = false;
        if (_member is RequestMember.Tools)
        {
            ToolCount++;
            return;
        }

        if (_member is RequestMember.Other || _member != _shape.PromptMember)
            return;

        var shape = type switch
        {
            JsonTokenType.String => PromptShapes.Texts,
            JsonTokenType.StartArray => PromptShapes.TokenLists,
            JsonTokenType.StartObject => PromptShapes.Items,
            JsonTokenType.Number when JsonText.TryReadCount(text, out _) => PromptShapes.Tokens,
            _ => PromptShapes.None,
        };
        _elementShape = _elements++ == 0 ? shape : _elementShape;
        _inTokenList = shape is PromptShapes.TokenLists;
        PromptNumbers += shape is PromptShapes.Tokens ? 1 : 0;
        if ((shape & _shape.Prompts) is PromptShapes.None || shape != _elementShape)
            MarkBadElement();
    }

    // Inside of an array of token numbers.
    private void BeginInnerElement(JsonTokenType type, ReadOnlySpan<byte> text)
    {
        if (!_inTokenList)
            return;

        if (type is JsonTokenType.Number && JsonText.TryReadCount(text, out _))
            PromptNumbers++;
        else
            MarkBadElement();
    }

    private void MarkBadElement() => _badElement = _badElement >= 0 ? _badElement : _elements - 1;

    private BodyError MissingPrompt()
    {
        var isMissing = PromptShape is PromptShapes.None && !_shape.PromptIsOptional && !HasHiddenPrompt;
        return isMissing
            ? new BodyError(BodyFault.InvalidField, Kind.PromptMember, $"{Kind.PromptMember} is missing. It {_shape.Demand}.")
            : default;
    }
}
