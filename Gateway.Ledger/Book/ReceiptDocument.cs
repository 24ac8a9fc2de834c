using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Ledger.Book;

/// <summary>A stand-in with the shape that the book's own writer will have; replaced when the branches meet.</summary>
internal static class ReceiptDocument
{
    public static byte[] Draft(
        CallFacts facts,
        ReceiptId id,
        DateTimeOffset createdAt,
        Outcome outcome,
        Usage usage,
        CountedBy countedBy,
        Price price,
        Credits cost,
        Credits shortfall,
        Credits hold)
    {
        using var buffer = new MemoryStream(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id.ToString());
            json.WriteString("createdAt", createdAt);
            json.WriteString("outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString()));
            json.WriteString("requestedModel", facts.RequestedModel);
            json.WriteString("countedBy", countedBy.ToString());
            json.WriteNumber("inputTokens", usage.InputTokens);
            json.WriteNumber("outputTokens", usage.OutputTokens);
            json.WriteNumber("priceVersion", price.Version);
            json.WriteNumber("cost", cost.ToDecimal());
            json.WriteNumber("shortfall", shortfall.ToDecimal());
            json.WriteNumber("hold", hold.ToDecimal());
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    public static ReadOnlyMemory<byte> Complete(SettledCall call, DateTimeOffset? settledAt)
    {
        var document = JsonNode.Parse(call.Receipt.Span)!.AsObject();
        document["delivery"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(call.Delivery.ToString());
        document["settledAt"] = settledAt?.ToString("O");
        return JsonSerializer.SerializeToUtf8Bytes(document);
    }
}
