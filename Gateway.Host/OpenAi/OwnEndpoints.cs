using System.Buffers;
using System.Text.Json;
using Gateway.Host.Anthropic;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Pipeline;
using Gateway.Host.Responses;
using Gateway.Ledger;
using Gateway.Transforms;

namespace Gateway.Host.OpenAi;

/// <summary>What <c>/v1</c> answers itself: models, balance, receipts; and the OpenAI routes that no channel serves.</summary>
internal static class OwnEndpoints
{
    public static void MapOwnEndpoints(this IEndpointRouteBuilder endpoints)
    {
        foreach (var prefix in (ReadOnlySpan<string>)["/v1", ""])
        {
            endpoints.MapGet($"{prefix}/models", (RequestDelegate)(http => WithKeyAsync(http, ModelsEndpoint.ListAsync)));
            endpoints.MapGet($"{prefix}/models/{{*id}}", (RequestDelegate)(http => WithKeyAsync(http, ModelsEndpoint.FindAsync)));
            endpoints.MapGet($"{prefix}/balance", (RequestDelegate)(http => WithKeyAsync(http, BalanceEndpoint.ReadAsync)));
            endpoints.MapGet($"{prefix}/receipts/keys", (RequestDelegate)ReceiptKeysEndpoint.ReadAsync);
            endpoints.MapGet($"{prefix}/receipts/{{id}}", (RequestDelegate)(http => WithKeyAsync(http, ReceiptEndpoint.ReadAsync)));
            endpoints.MapPost($"{prefix}/quotes", (RequestDelegate)(http => WithKeyAsync(http, QuoteEndpoint.AnswerAsync)));
            endpoints.MapPost($"{prefix}/messages/count_tokens", (RequestDelegate)CountTokensEndpoint.AnswerAsync);
            endpoints.MapStoredResponses(prefix, WithKeyAsync);
            endpoints.MapGet($"{prefix}/runs/{{id}}", (RequestDelegate)(http => WithKeyAsync(http, RunEndpoint.ReadAsync)));
            endpoints.MapGet($"{prefix}/receipts/{{id}}/answer", (RequestDelegate)(http => WithKeyAsync(http, ReceiptEndpoint.AnswerAsync)));

            // Without these the fallback would answer 404 where only the method is wrong.
            foreach (var path in (string[])[.. CallKind.All.Select(static kind => kind.Path["/v1/".Length..]), "models", "balance", "receipts/keys", "quotes", "messages/count_tokens"])
                endpoints.Map($"{prefix}/{path}", (RequestDelegate)(static http => ErrorWriter.WriteAsync(http, GatewayError.MethodNotAllowed)));
        }

        endpoints.MapFallback((RequestDelegate)(static http => ErrorWriter.WriteAsync(http, GatewayError.NotFound)));
    }

    private static async Task WithKeyAsync(HttpContext http, Func<HttpContext, KeySnapshot, Task> answer)
    {
        var (key, refused) = await http.RequestServices.GetRequiredService<Credentials>().AuthenticateAsync(http);
        if (key is null)
            await ErrorWriter.WriteAsync(http, refused!);
        else
            await answer(http, key);
    }
}

/// <summary>Writes one JSON object as the answer.</summary>
internal static class JsonAnswer
{
    public static async Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = buffer.WrittenCount;
        await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }
}

/// <summary><c>GET /v1/models</c>: what this key may call, each with the price that this key would pay.</summary>
internal static class ModelsEndpoint
{
    public static Task ListAsync(HttpContext http, KeySnapshot key) => JsonAnswer.WriteAsync(http, json =>
    {
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var offer in Offers(http, key))
        {
            json.WriteStartObject();
            Write(json, offer);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static Task FindAsync(HttpContext http, KeySnapshot key)
    {
        // SDKs escape the slash of provider/model, and the server leaves an escaped slash alone.
        var id = (http.Request.RouteValues["id"] as string)?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        foreach (var offer in Offers(http, key))
        {
            if (string.Equals(offer.Model.Id, id, StringComparison.Ordinal) || string.Equals(offer.Model.Name, id, StringComparison.Ordinal))
                return JsonAnswer.WriteAsync(http, json => Write(json, offer));
        }

        return ErrorWriter.WriteAsync(http, GatewayError.NotFound);
    }

    private static IReadOnlyList<ModelOffer> Offers(HttpContext http, KeySnapshot key) =>
        http.RequestServices.GetRequiredService<CatalogueSource>().Current.OffersFor(key, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());

    private static void Write(Utf8JsonWriter json, ModelOffer offer)
    {
        var rates = offer.Price.Base;
        json.WriteString("id", offer.Model.Id);
        json.WriteString("object", "model");
        json.WriteNumber("created", offer.Model.CreatedAt.ToUnixTimeSeconds());
        json.WriteString("owned_by", offer.Model.Provider);
        json.WriteString("provider", offer.Model.Provider);
        json.WriteString("model", offer.Model.Name);
        json.WriteNumber("input_price_per_1m_tokens", PerMillion(rates.Input));
        json.WriteNumber("output_price_per_1m_tokens", PerMillion(rates.Output));
        if (rates.CachedInput is { } cached)
            json.WriteNumber("cached_input_price_per_1m_tokens", PerMillion(cached));
    }

    private static decimal PerMillion(long pico) => pico / 1_000_000m;
}

/// <summary><c>GET /v1/receipts/{id}</c>: the key's own receipts only.</summary>
internal static class ReceiptEndpoint
{
    public static async Task ReadAsync(HttpContext http, KeySnapshot key)
    {
        var ledger = http.RequestServices.GetRequiredService<ILedger>();
        if (!ReceiptId.TryParse(http.Request.RouteValues["id"] as string, out var id)
            || await ledger.FindReceiptAsync(id, key.Workspace, key.Id, http.RequestAborted) is not { } receipt)
        {
            await ErrorWriter.WriteAsync(http, GatewayError.NotFound);
            return;
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = receipt.Length;
        await http.Response.Body.WriteAsync(receipt, http.RequestAborted);
    }

    /// <summary>The answer that the call's client did not wait for, while it is kept.</summary>
    public static async Task AnswerAsync(HttpContext http, KeySnapshot key)
    {
        var error = ReceiptId.TryParse(http.Request.RouteValues["id"] as string, out var id)
            ? await http.RequestServices.GetRequiredService<StoredAnswers>().FetchAsync(http, id, key.Id)
            : GatewayError.NotFound;
        if (error is not null)
            await ErrorWriter.WriteAsync(http, error);
    }
}
