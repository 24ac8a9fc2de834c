using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gateway.Transforms;

namespace Gateway.Host.Telemetry.Content;

/// <summary>What was said to a model, or what it said, as JSON in the conventions' shapes. Only made where an operator asks for it: it is the customers'.</summary>
/// <remarks>Source: gen-ai-input-messages.json, gen-ai-output-messages.json, gen-ai-system-instructions.json and gen-ai-tool-definitions.json of open-telemetry/semantic-conventions-genai, docs/gen-ai.</remarks>
internal sealed record MessageContent
{
    /// <summary>The longest value of an attribute; what is longer loses whole messages, the oldest first. Unit: bytes of UTF-8.</summary>
    public const int MostBytes = 64 * 1024;

    private static readonly MessageContent Nothing = new();

    /// <summary>The conversation; <c>null</c>: an answer, or a call without one.</summary>
    public string? InputMessages { get; private init; }

    /// <summary>What the client said of the model's part, where the API keeps that apart from the conversation.</summary>
    public string? SystemInstructions { get; private init; }

    /// <summary>The tools that the model may ask for.</summary>
    public string? ToolDefinitions { get; private init; }

    /// <summary>One message for each choice of the answer; <c>null</c>: a request, or an answer without text.</summary>
    public string? OutputMessages { get; private init; }

    /// <summary>Whether something was left out because of <see cref="MostBytes"/>.</summary>
    public bool IsTruncated { get; private init; }

    /// <summary>The content of a request; one that cannot be read has none.</summary>
    public static MessageContent OfRequest(CallKind kind, ReadOnlyMemory<byte> body) => IsConversation(kind) ? Read(body, root => OfRequest(kind, root)) : Nothing;

    /// <summary>The content of an answer in the shape of its kind; one that cannot be read has none.</summary>
    /// <param name="kind">The kind of call.</param>
    /// <param name="answer">One object; or a stream of events, perhaps cut short.</param>
    /// <param name="isStream">Whether it is a stream of events.</param>
    public static MessageContent OfAnswer(CallKind kind, ReadOnlyMemory<byte> answer, bool isStream)
    {
        if (!IsConversation(kind))
            return Nothing;
        return isStream ? Read(answer, stream => StreamedAnswer.Join(kind, stream), root => OfAnswer(kind, root)) : Read(answer, root => OfAnswer(kind, root));
    }

    /// <summary>Sets what there is as attributes.</summary>
    public void DescribeOn(Activity span)
    {
        Set(TelemetryNames.InputMessages, InputMessages);
        Set(TelemetryNames.SystemInstructions, SystemInstructions);
        Set(TelemetryNames.ToolDefinitions, ToolDefinitions);
        Set(TelemetryNames.OutputMessages, OutputMessages);
        if (IsTruncated)
            span.SetTag(TelemetryNames.ContentTruncated, true);

        void Set(string name, string? value)
        {
            if (value is not null)
                span.SetTag(name, value);
        }
    }

    private static bool IsConversation(CallKind kind) => kind == CallKind.Chat || kind == CallKind.Messages || kind == CallKind.Responses || kind == CallKind.Completion;

    private static MessageContent OfRequest(CallKind kind, JsonElement root)
    {
        var isTruncated = false;
        return new MessageContent
        {
            InputMessages = Bounded(Conversation.Of(kind, root), keepsLast: true, ref isTruncated),
            SystemInstructions = Bounded(Conversation.InstructionsOf(kind, root), keepsLast: false, ref isTruncated),
            ToolDefinitions = Bounded(Conversation.ToolsOf(root), keepsLast: false, ref isTruncated),
            IsTruncated = isTruncated,
        };
    }

    private static MessageContent OfAnswer(CallKind kind, JsonElement root)
    {
        var isTruncated = false;
        return new MessageContent { OutputMessages = Bounded(AnswerMessages.Of(kind, root), keepsLast: false, ref isTruncated), IsTruncated = isTruncated };
    }

    private static MessageContent Read(ReadOnlyMemory<byte> bytes, Func<JsonElement, MessageContent> read) => Read(bytes, static json => json, read);

    private static MessageContent Read(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> convert, Func<JsonElement, MessageContent> read)
    {
        try
        {
            using var document = JsonDocument.Parse(convert(bytes));
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : Nothing;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // What an attribute shows must not decide on a call. InvalidOperationException: a string that is no text, say half of a surrogate pair.
            return Nothing;
        }
    }

    // The oldest messages are the ones that whoever looks at a trace misses least.
    private static string? Bounded(IEnumerable<Action<Utf8JsonWriter>> items, bool keepsLast, ref bool isTruncated)
    {
        var all = items.ToList();
        if (all.Count == 0)
            return null;

        if (keepsLast)
            all.Reverse();
        var kept = new List<string>();
        var bytes = "[]".Length;
        foreach (var write in all)
        {
            var item = JsonParts.Written(write);
            bytes += item.Length + ",".Length;
            if (bytes > MostBytes)
            {
                isTruncated = true;
                break;
            }

            kept.Add(Encoding.UTF8.GetString(item.Span));
        }

        if (keepsLast)
            kept.Reverse();
        return $"[{string.Join(',', kept)}]";
    }
}
