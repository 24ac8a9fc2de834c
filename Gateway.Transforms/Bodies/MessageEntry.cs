namespace Gateway.Transforms.Bodies;

/// <summary>Which array of messages is read.</summary>
public enum MessageFormat
{
    /// <summary><c>messages</c> of a chat completion, with Anthropic's content blocks too.</summary>
    Chat,

    /// <summary><c>input</c> of the Responses format: messages and typed items.</summary>
    Responses,
}

/// <summary>What an element of the array is to a conversation.</summary>
public enum MessageKind
{
    /// <summary>Role system or developer.</summary>
    System,

    /// <summary>Words of a user: a turn starts here.</summary>
    User,

    /// <summary>What a model said, thought or did without asking the client for an answer.</summary>
    Model,

    /// <summary>A model's message or item with tool calls that the client answers.</summary>
    Calls,

    /// <summary>Answers to tool calls.</summary>
    Results,
}

/// <summary>One element of an array of messages.</summary>
/// <param name="Value">Its raw JSON.</param>
/// <param name="Kind">What it is.</param>
/// <param name="CallCount">Tool calls in it that the client answers.</param>
/// <param name="HoldsUserText">True if tool results share the message with words of the user (or an image): it cannot go unread.</param>
/// <param name="IsSigned">True if it holds thinking with a provider's signature, which that provider wants back in the current turn.</param>
/// <param name="IsItem">True for what a model said in the Responses format, where one answer stands in several elements.</param>
public readonly record struct MessageEntry(
    ByteRange Value,
    MessageKind Kind,
    int CallCount = 0,
    bool HoldsUserText = false,
    bool IsSigned = false,
    bool IsItem = false);

/// <summary>An end of a tool call, in the order of the body: the call itself or an answer to it.</summary>
/// <param name="Message">Index of the element that holds it.</param>
/// <param name="Id">The raw text of the id, without quotes; absent if there is none or it is empty.</param>
/// <param name="IsResult">True for an answer.</param>
public readonly record struct ToolMark(int Message, ByteRange Id, bool IsResult);

/// <summary>Why an array of messages is left alone.</summary>
public enum MessageFault
{
    /// <summary>It was understood.</summary>
    None,

    /// <summary>The value is no array.</summary>
    NotArray,

    /// <summary>An element is no object.</summary>
    NotObject,

    /// <summary>A message without a role, or with one that is no string.</summary>
    NoRole,

    /// <summary>A role or type of item that the index does not know.</summary>
    UnknownKind,

    /// <summary>Tool calls, content or ids of a type that they may not have.</summary>
    UnknownShape,

    /// <summary>More than <see cref="MessageIndex.MaxMessages"/> elements or <see cref="MessageIndex.MaxMarks"/> ends of tool calls.</summary>
    TooMany,
}
