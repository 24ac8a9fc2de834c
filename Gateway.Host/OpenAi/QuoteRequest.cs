using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Gateway.Host.Catalogue;
using Gateway.Host.Pipeline;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.OpenAi;

/// <summary>One thing to quote: the body of a call, or an estimate of calls like each other.</summary>
/// <param name="Index">Of the body: an estimate's has no message.</param>
/// <param name="Body">The body.</param>
/// <param name="Calls">How many calls.</param>
/// <param name="BoundOf">What one of them can use of a model, once the rules have looked at it.</param>
/// <param name="ExpectedOutput">The completion tokens of one call, where the client says so.</param>
internal sealed record QuoteItem(RequestIndex Index, ReadOnlyMemory<byte> Body, long Calls, Func<Model, Exchange, CallBound> BoundOf, long? ExpectedOutput);

/// <summary>Reads the body of <c>POST /v1/quotes</c>: one item, or a list of them.</summary>
internal static class QuoteRequest
{
    /// <summary>The most items of one quote.</summary>
    public const int MaxItems = 100;

    /// <summary>The prompt of an estimate that does not say how long it is. Unit: tokens.</summary>
    public const long AssumedInputTokens = 1000;

    private const long MaxCalls = 1_000_000;
    private const long MaxTokens = 10_000_000;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = RequestIndex.MaxDepth + 1 };

    /// <summary>The items, or why there are none.</summary>
    public static (IReadOnlyList<QuoteItem> Items, GatewayError? Error) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            if (!Utf8.IsValid(body.Span))
                return ([], GatewayError.InvalidBody("The body is not valid UTF-8. Encode it as UTF-8."));

            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Array ? ReadList(document.RootElement) : ReadOne(document.RootElement);
        }
        catch (Exception invalid) when (invalid is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair, which JSON may write and text may not hold.
            return ([], GatewayError.InvalidBody("The body is not valid JSON, or repeats a key. Send the body of a call, a list of them, or an estimate."));
        }
    }

    private static (IReadOnlyList<QuoteItem> Items, GatewayError? Error) ReadOne(JsonElement element)
    {
        var (item, error) = ReadItem(element);
        return item is null ? ([], error) : ([item], null);
    }

    private static (IReadOnlyList<QuoteItem> Items, GatewayError? Error) ReadList(JsonElement list)
    {
        if (list.GetArrayLength() is 0 or > MaxItems)
            return ([], GatewayError.InvalidBody($"A quote has 1 to {MaxItems} items."));

        var items = new List<QuoteItem>();
        foreach (var element in list.EnumerateArray())
        {
            var (item, error) = ReadItem(element);
            if (item is null)
                return ([], GatewayError.OfItem(items.Count, error!));
            items.Add(item);
        }

        return (items, null);
    }

    private static (QuoteItem? Item, GatewayError? Error) ReadItem(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return (null, GatewayError.InvalidBody("A quote is of an object: the body of a call, or an estimate."));
        return element.TryGetProperty("estimated_calls", out var calls) ? ReadEstimate(element, calls) : ReadCall(element);
    }

    private static (QuoteItem? Item, GatewayError? Error) ReadCall(JsonElement element)
    {
        if (!TryReadKind(element, out var kind))
            return (null, UnknownEndpoint);

        var index = new RequestIndex { Kind = kind };
        var bytes = Encoding.UTF8.GetBytes(element.GetRawText());
        if (!index.TryRead(bytes, out var error))
            return (null, RequestBody.Shape(error));

        return (new QuoteItem(index, bytes, 1, Bound, ExpectedOutput: null), null);

        CallBound Bound(Model model, Exchange ruled)
        {
            var body = ruled.Body.Span;
            return CallBound.Of(index, PromptCount.Of(index, body, model.Name), CallMeasures.Of(index, body), model, ruled.OutputCap);
        }
    }

    private static (QuoteItem? Item, GatewayError? Error) ReadEstimate(JsonElement element, JsonElement calls)
    {
        if (!IsCount(calls, MaxCalls, out var times) || times == 0)
            return (null, GatewayError.InvalidField("estimated_calls", $"estimated_calls is a whole number from 1 to {MaxCalls}."));
        if (!element.TryGetProperty("model", out var named) || named.ValueKind != JsonValueKind.String || named.GetString() is not { Length: > 0 } model)
            return (null, GatewayError.InvalidField("model", "model is missing. Name the model to call."));
        if (!TryRead(element, "input_tokens", out var input))
            return (null, GatewayError.InvalidField("input_tokens", $"input_tokens is a whole number from 0 to {MaxTokens}."));
        if (!TryRead(element, "output_tokens", out var output))
            return (null, GatewayError.InvalidField("output_tokens", $"output_tokens is a whole number from 0 to {MaxTokens}."));

        var provider = element.TryGetProperty("provider", out var by) && by.ValueKind == JsonValueKind.String ? by.GetString() : null;
        if (!TryReadKind(element, out var kind))
            return (null, UnknownEndpoint);

        // An estimate has no prompt: it gets an empty one.
        var index = new RequestIndex { Kind = kind };
        var empty = new JsonObject { ["model"] = model, [kind.PromptMember] = string.Equals(kind.PromptMember, "messages", StringComparison.Ordinal) ? new JsonArray(new JsonObject()) : "" };
        if (provider is not null)
            empty["provider"] = provider;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(empty);
        if (!index.TryRead(bytes, out var error))
            return (null, RequestBody.Shape(error));
        return (new QuoteItem(index, bytes, times, Bound, output), null);

        CallBound Bound(Model of, Exchange ruled)
        {
            var most = Math.Min(Math.Min(output ?? long.MaxValue, ruled.OutputCap ?? long.MaxValue), of.MaxOutputTokens);
            return new CallBound(new UsageBound(input ?? AssumedInputTokens, most, Choices: 1), most);
        }
    }

    private static GatewayError UnknownEndpoint { get; } = GatewayError.InvalidField(
        "endpoint", $"endpoint is one of {string.Join(", ", CallKind.All.Where(static kind => !kind.IsMultipart).Select(static kind => kind.Path))}.");

    // The endpoint that the call is for; without one it is a chat completion.
    private static bool TryReadKind(JsonElement element, out CallKind kind)
    {
        kind = CallKind.Chat;
        if (!element.TryGetProperty("endpoint", out var named))
            return true;
        var found = named.ValueKind == JsonValueKind.String ? CallKind.All.FirstOrDefault(candidate => !candidate.IsMultipart && named.ValueEquals(candidate.Path)) : null;
        kind = found ?? kind;
        return found is not null;
    }

    private static bool TryRead(JsonElement element, string name, out long? tokens)
    {
        tokens = null;
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return true;
        if (!IsCount(value, MaxTokens, out var count))
            return false;

        tokens = count;
        return true;
    }

    private static bool IsCount(JsonElement value, long most, out long count)
    {
        count = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out count) && count >= 0 && count <= most;
    }
}
