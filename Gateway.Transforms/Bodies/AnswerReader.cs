using System.Buffers;
using System.Text.Unicode;

namespace Gateway.Transforms.Bodies;

/// <summary>Reads an answer that is not streamed. Reusable, not thread-safe.</summary>
/// <param name="format">The API that the answer speaks. Default: chat completions.</param>
public sealed class AnswerReader(AnswerFormat? format = null)
{
    private readonly AnswerFormat _format = format ?? AnswerFormat.Chat;

    // A longer name is no name.
    private const int MaxNameBytes = 1024;

    private AnswerFacts _facts;

    /// <summary>The answer that was read.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>All that was found; ranges are offsets in <see cref="Body"/>.</summary>
    public ref readonly AnswerFacts Facts => ref _facts;

    /// <summary>True if the answer has a usage object, sound or not.</summary>
    public bool HasUsage => _facts.HasUsage;

    /// <summary>True if the usage object has no member, and so reports nothing.</summary>
    public bool UsageIsEmpty => _facts.UsageIsEmpty;

    /// <summary>What usage says. Check <see cref="UsageTokens.IsSound"/> before charging for it.</summary>
    public UsageTokens Tokens => _facts.Tokens;

    /// <summary>The raw usage value, an object or null.</summary>
    public ByteRange Usage => _facts.UsageValue;

    /// <summary>The model that upstream says it used, decoded; null if it names none or an absurdly long one.</summary>
    public string? ReportedModel { get; private set; }

    /// <summary>The id under which the provider keeps the answer, decoded; null if it keeps none.</summary>
    public string? AnswerId { get; private set; }

    /// <summary>The raw JSON value of <c>choices[0].message.content</c>, any type.</summary>
    public ByteRange FirstContent => _facts.FirstContent;

    /// <summary>True if any choice has output of any kind.</summary>
    public bool HasOutput => _facts.HasContent;

    /// <summary>True if any choice has a finish reason.</summary>
    public bool HasFinishReason => _facts.HasFinishReason;

    /// <summary>True if any choice finished with <c>error</c>.</summary>
    public bool FinishedWithError => _facts.FinishedWithError;

    /// <summary>True if the answer has a top-level error, whatever its status says.</summary>
    public bool HasError => _facts.HasError;

    /// <summary>Reads an answer. False if it is not one JSON object in UTF-8.</summary>
    public bool TryRead(ReadOnlyMemory<byte> body)
    {
        Reset();
        if (!Utf8.IsValid(body.Span) || !_format.TryReadAnswer(body.Span, out _facts, text: null))
        {
            _facts = default;
            return false;
        }

        Body = body;
        ReportedModel = DecodeName(body.Span, _facts.Model);
        AnswerId = _format.KeepsAnswers ? DecodeName(body.Span, _facts.Id) : null;
        return true;
    }

    /// <summary>Appends the decoded UTF-8 output text of all choices: content, reasoning, refusals, tool names and arguments.</summary>
    /// <remarks>For counting tokens when usage is missing or not sound.</remarks>
    public void AppendOutputText(IBufferWriter<byte> output)
    {
        if (!Body.IsEmpty)
        {
            _format.TryReadAnswer(Body.Span, out _, output);
        }
    }

    /// <summary>Forgets the answer, so that the reader can wait in a pool without holding memory.</summary>
    public void Reset()
    {
        Body = default;
        ReportedModel = AnswerId = null;
        _facts = default;
    }

    internal static string? DecodeName(ReadOnlySpan<byte> json, ByteRange value)
    {
        if (value.Length is <= 2 or > MaxNameBytes)
        {
            return null;
        }

        Span<byte> name = stackalloc byte[MaxNameBytes];
        var length = JsonText.Unescape(json.Slice(value.Offset + 1, value.Length - 2), name);
        return System.Text.Encoding.UTF8.GetString(name[..length]);
    }
}
