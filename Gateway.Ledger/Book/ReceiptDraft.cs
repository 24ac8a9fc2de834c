using System.Text.Json;
using static System.Text.Json.JsonEncodedText;

namespace Gateway.Ledger.Book;

/// <summary>Writes the draft of a receipt, field by field in the order of the contract.</summary>
internal static class ReceiptDraft
{
    private static readonly JsonEncodedText Id = Encode("id"), OutcomeName = Encode("outcome"), CreatedAt = Encode("createdAt"), KeyId = Encode("keyId"),
        MemberId = Encode("memberId"), Workspace = Encode("workspace"), RunId = Encode("runId"), Tags = Encode("tags"), Endpoint = Encode("endpoint"),
        Dialect = Encode("dialect"), Streamed = Encode("streamed"), RequestedModel = Encode("requestedModel"), RoutedModel = Encode("routedModel"),
        UpstreamModel = Encode("upstreamModel"), ReportedModel = Encode("reportedModel"), RouteTypeName = Encode("routeType"),
        PrimaryChannel = Encode("primaryChannel"), Channel = Encode("channel"), FallbackUsed = Encode("fallbackUsed"), Rules = Encode("rules"), TypeName = Encode("type"), Effect = Encode("effect"),
        Attempts = Encode("attempts"), N = Encode("n"), Status = Encode("status"), Error = Encode("error"), LatencyMs = Encode("latencyMs"),
        FirstByteMs = Encode("firstByteMs"), Charged = Encode("charged"), UsageName = Encode("usage"), CountedByName = Encode("countedBy"), PriceName = Encode("price"), Version = Encode("version"),
        Lines = Encode("lines"), Item = Encode("item"), Quantity = Encode("quantity"), Cost = Encode("cost"),
        Shortfall = Encode("shortfall"), Currency = Encode("currency"), Hold = Encode("hold"), FirstTokenMs = Encode("firstTokenMs"), TraceId = Encode("traceId"),
        UpstreamMaybeCharged = Encode("upstreamMaybeCharged"), Disputed = Encode("disputed"), Reported = Encode("reported");

    /// <summary>The draft as its own array.</summary>
    public static byte[] Write(
        CallFacts facts,
        ReceiptId id,
        DateTimeOffset createdAt,
        Outcome outcome,
        in Usage usage,
        CountedBy countedBy,
        Price price,
        Credits cost,
        Credits shortfall,
        Credits hold)
    {
        var (buffer, json) = JsonScratch.Begin();
        json.WriteStartObject();
        json.WriteString(Id, id.ToString());
        json.WriteString(OutcomeName, LedgerNames.Of(outcome));
        json.WriteString(CreatedAt, ReceiptDocument.Instant(createdAt));
        WriteCaller(json, facts);
        WriteRoute(json, facts);
        WriteAttempts(json, facts.Attempts);
        WriteUsage(json, usage, countedBy, facts.DisputedUsage);
        WritePrice(json, price, usage);
        ExactDecimal.Write(json, Cost, cost.Nano, ExactDecimal.NanoScale);
        if (shortfall > Credits.Zero)
            ExactDecimal.Write(json, Shortfall, shortfall.Nano, ExactDecimal.NanoScale);
        json.WriteString(Currency, price.Currency);
        ExactDecimal.Write(json, Hold, hold.Nano, ExactDecimal.NanoScale);
        WriteMs(json, LatencyMs, facts.LatencyMs);
        WriteMs(json, FirstTokenMs, facts.FirstTokenMs);
        WriteText(json, TraceId, facts.TraceId);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteCaller(Utf8JsonWriter json, CallFacts facts)
    {
        json.WriteString(KeyId, facts.KeyId);
        WriteText(json, MemberId, facts.MemberId);
        json.WriteString(Workspace, facts.Workspace);
        WriteText(json, RunId, facts.RunId);
        json.WriteStartArray(Tags);
        for (var i = 0; i < facts.Tags.Count; i++)
            json.WriteStringValue(facts.Tags[i]);
        json.WriteEndArray();
        json.WriteString(Endpoint, facts.Endpoint);
        json.WriteString(Dialect, facts.Dialect);
        json.WriteBoolean(Streamed, facts.Streamed);
    }

    private static void WriteRoute(Utf8JsonWriter json, CallFacts facts)
    {
        json.WriteString(RequestedModel, facts.RequestedModel);
        json.WriteString(RoutedModel, facts.RoutedModel);
        WriteText(json, UpstreamModel, facts.UpstreamModel);
        WriteText(json, ReportedModel, facts.ReportedModel);
        json.WriteString(RouteTypeName, LedgerNames.Of(facts.RouteType));
        json.WriteString(PrimaryChannel, facts.PrimaryChannel);
        WriteText(json, Channel, facts.Channel);
        json.WriteBoolean(FallbackUsed, facts.Channel is { } channel && !string.Equals(channel, facts.PrimaryChannel, StringComparison.Ordinal));
        WriteRules(json, facts.Rules);
    }

    private static void WriteRules(Utf8JsonWriter json, IReadOnlyList<AppliedRule> rules)
    {
        json.WriteStartArray(Rules);
        for (var i = 0; i < rules.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString(Id, rules[i].Id);
            json.WriteString(TypeName, rules[i].Type);
            json.WritePropertyName(Effect);
            json.WriteRawValue(rules[i].Effect, skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteAttempts(Utf8JsonWriter json, List<Attempt> attempts)
    {
        json.WriteStartArray(Attempts);
        foreach (var attempt in attempts)
        {
            json.WriteStartObject();
            json.WriteNumber(N, attempt.N);
            json.WriteString(Channel, attempt.Channel);
            json.WriteString(UpstreamModel, attempt.UpstreamModel);
            if (attempt.Status is { } status)
                json.WriteNumber(Status, status);
            else
                json.WriteNull(Status);
            WriteText(json, Error, attempt.Error);
            WriteMs(json, LatencyMs, attempt.LatencyMs);
            WriteMs(json, FirstByteMs, attempt.FirstByteMs);
            json.WriteBoolean(Charged, attempt.Charged);
            if (attempt.UpstreamMaybeCharged)
                json.WriteBoolean(UpstreamMaybeCharged, true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteUsage(Utf8JsonWriter json, in Usage usage, CountedBy countedBy, Usage? disputed)
    {
        json.WriteStartObject(UsageName);
        ReceiptUsage.Write(json, usage);
        json.WriteString(CountedByName, LedgerNames.Of(countedBy));
        if (disputed is { } reported)
        {
            json.WriteBoolean(Disputed, true);
            json.WriteStartObject(Reported);
            ReceiptUsage.Write(json, reported);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WritePrice(Utf8JsonWriter json, Price price, in Usage usage)
    {
        json.WriteStartObject(PriceName);
        json.WriteNumber(Version, price.Version);
        json.WriteStartArray(Lines);
        var lines = price.Lines(usage);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            json.WriteStartObject();
            json.WriteString(Item, line.Item);
            var unit = ReceiptUnit.Of(line.Item);
            ExactDecimal.Write(json, Quantity, line.Quantity, unit.QuantityScale);
            ExactDecimal.Write(json, unit.PriceName, line.PicoEach, unit.PriceScale);
            ExactDecimal.Write(json, Cost, line.CostPico, ExactDecimal.PicoScale);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, JsonEncodedText name, string? text)
    {
        if (text is null)
            json.WriteNull(name);
        else
            json.WriteString(name, text);
    }

    private static void WriteMs(Utf8JsonWriter json, JsonEncodedText name, double? milliseconds)
    {
        if (milliseconds is { } ms && double.IsFinite(ms))
            json.WriteNumber(name, Math.Round(ms, 1));
        else
            json.WriteNull(name);
    }
}
