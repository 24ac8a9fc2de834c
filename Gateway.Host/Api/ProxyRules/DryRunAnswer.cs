using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Api.ProxyRules;

/// <summary>What the rules made of a body. Written while its exchange is alive, so that the body is copied once.</summary>
internal sealed class DryRunAnswer : IResult
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required Exchange Exchange { get; init; }

    public required RuleChain Chain { get; init; }

    public required string RequestedModel { get; init; }

    /// <summary>Where an output limit goes that the client did not set.</summary>
    public OutputLimitField Field { get; set; }

    /// <summary>Unit: tokens; <c>null</c>: not counted.</summary>
    public long? TokensBefore { get; set; }

    /// <summary>Unit: tokens; <c>null</c>: not counted.</summary>
    public long? TokensAfter { get; set; }

    public RuleOutcome.Refuse? Refused { get; set; }

    /// <summary>How a rule would answer by itself, for example <c>hit</c>; <c>null</c>: none would.</summary>
    public string? AnsweredBy { get; set; }

    /// <summary>The answer's bytes.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
            Write(json);
        return buffer.ToArray();
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        var json = ToJson();
        httpContext.Response.ContentLength = json.Length;
        await httpContext.Response.Body.WriteAsync(json, httpContext.RequestAborted);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("body");
        json.WriteRawValue(BodyAsSent(), skipInputValidation: true);
        json.WriteStartObject("model");
        json.WriteString("requested", RequestedModel);
        json.WriteString("routed", Exchange.Resolved is { } model ? $"{model.Provider}/{model.Name}" : Exchange.Model);
        json.WriteEndObject();
        WriteRules(json);
        if (TokensBefore is { } before && TokensAfter is { } after)
        {
            json.WriteStartObject("promptTokens");
            json.WriteNumber("before", before);
            json.WriteNumber("after", after);
            json.WriteEndObject();
        }

        if (Exchange.OutputCap is { } cap)
            json.WriteNumber("outputCap", cap);
        if (Exchange.Fallback is { } plan)
            WriteFallback(json, plan);
        if (AnsweredBy is not null)
            json.WriteString("answeredBy", AnsweredBy);
        if (Refused is not null)
        {
            json.WriteStartObject("refused");
            json.WriteString("code", Refused.Code);
            json.WriteString("message", Refused.Message);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private void WriteRules(Utf8JsonWriter json)
    {
        json.WriteStartArray("rules");
        foreach (var effect in Chain.Effects)
        {
            json.WriteStartObject();
            json.WriteString("id", effect.Id);
            json.WriteString("type", effect.Type);
            json.WritePropertyName("effect");
            json.WriteRawValue(effect.ToJson(), skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFallback(Utf8JsonWriter json, FallbackPlan plan)
    {
        json.WriteStartObject("fallback");
        json.WriteStartArray("candidates");
        foreach (var candidate in plan.Candidates)
            json.WriteStringValue($"{candidate.Provider}/{candidate.Model}");
        json.WriteEndArray();
        if (plan.OnStatus is { } statuses)
        {
            json.WriteStartArray("onStatus");
            foreach (var status in statuses)
                json.WriteNumberValue(status);
            json.WriteEndArray();
        }

        if (plan.OnTimeout is { } wait)
            json.WriteNumber("onTimeoutMs", (long)wait.TotalMilliseconds);
        json.WriteNumber("maxAttempts", plan.MaxAttempts);
        json.WriteEndObject();
    }

    // With the model and the limit that rules decide on beside the body; the upstream's own name and the usage option are no rule's doing.
    private byte[] BodyAsSent()
    {
        var (index, splice) = (Exchange.Index, new BodySplice());
        if (!string.Equals(Exchange.Model, index.Model, StringComparison.Ordinal))
            RequestEdits.ReplaceModel(index, splice, Exchange.Model);
        if (Exchange.Provider is null)
            RequestEdits.RemoveProvider(index, splice);
        if (Exchange.OutputCap is { } cap)
            RequestEdits.CapOutputTokens(index, splice, cap, Field);
        var sent = new byte[splice.OutputLength(Exchange.Body.Length)];
        splice.WriteTo(Exchange.Body.Span, sent);
        return sent;
    }
}
