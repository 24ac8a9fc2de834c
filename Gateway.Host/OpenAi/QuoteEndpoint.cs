using System.Text.Json;
using Gateway.Host.Keys;
using Gateway.Host.Pipeline;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Transforms;

namespace Gateway.Host.OpenAi;

/// <summary><c>POST /v1/quotes</c>: what calls can cost at most, what they will probably cost, and who would pay. Holds nothing.</summary>
internal sealed class QuoteEndpoint(RuleSteps rules, ILedger ledger, SpendRatios ratios, GatewaySettings settings, TimeProvider time)
{
    // Without recent calls of the key: most answers are much shorter than their limit.
    private const int AssumedShareOfOutput = 4;

    public static Task AnswerAsync(HttpContext http, KeySnapshot key) => http.RequestServices.GetRequiredService<QuoteEndpoint>().QuoteAsync(http, key);

    private async Task QuoteAsync(HttpContext http, KeySnapshot key)
    {
        using var body = new RequestBody(CallKind.Chat);
        if (await body.ReadBytesAsync(http.Request, settings.MaxRequestBytes, http.RequestAborted) is { } unreadable)
        {
            await ErrorWriter.WriteAsync(http, unreadable);
            return;
        }

        var (items, error) = QuoteRequest.Read(body.Bytes);
        var plan = new PaymentPlan(await ledger.BalanceAsync(key.Account, http.RequestAborted), time.GetUtcNow());
        var tags = CallFactsOf.Tags(key.Tags, http.Request.Headers["X-Gateway-Tag"].ToString());
        var quotes = new List<Quote>(items.Count);
        for (var i = 0; i < items.Count && error is null; i++)
        {
            (var quote, error) = await QuoteOfAsync(items[i], key, tags, plan, http.RequestAborted);
            if (quote is not null)
                quotes.Add(quote);
            else if (items.Count > 1)
                error = GatewayError.OfItem(i, error!);
        }

        if (error is not null)
            await ErrorWriter.WriteAsync(http, error);
        else
            await JsonAnswer.WriteAsync(http, json => Write(json, quotes));
    }

    // The same rules, model, channel and price as steps 3 and 4 of the pipeline find, and the same bound as its hold.
    private async ValueTask<(Quote? Quote, GatewayError? Error)> QuoteOfAsync(QuoteItem item, KeySnapshot key, IReadOnlyList<string> tags, PaymentPlan plan, CancellationToken cancellationToken)
    {
        var (ruled, legs, error) = await rules.PreviewAsync(key, tags, item.Index, item.Body, cancellationToken);
        using var exchange = ruled;
        if (error is not null)
            return (null, error);

        // As step 5 does it: an empty purse of one route leaves the other.
        var first = legs.FirstOrDefault(leg => leg.Model == legs[0].Model && IsCovered(leg)) ?? legs[0];
        var (price, model) = (first.Price, first.Model);
        var bound = item.BoundOf(model, exchange);
        var available = plan.Available(price, model.Provider, model.Name, key.PacksOnly);
        var dearest = legs.Where(leg => leg.IsPaidLike(first))
            .Select(leg => item.BoundOf(leg.Model, exchange).MaxCost(leg.Price)).Max();
        var worst = Times(dearest, item.Calls);
        var (expected, basis) = Expect(item, bound, price, worst, key);
        var paidBy = plan.Take(price, model.Provider, model.Name, key.PacksOnly, worst);
        return (new Quote(model.Id, item.Calls, bound, price.Currency, worst, expected, basis, paidBy, bound.Affordable(price, new Credits(available.Nano / item.Calls))), null);

        bool IsCovered(Leg leg) =>
            plan.Available(leg.Price, leg.Model.Provider, leg.Model.Name, key.PacksOnly) >= item.BoundOf(leg.Model, exchange).LeastCost(leg.Price);
    }

    private (Credits Expected, string Basis) Expect(QuoteItem item, CallBound bound, Price price, Credits worst, KeySnapshot key)
    {
        if (item.ExpectedOutput is not null)
            return (Times(price.Cost(new Usage(bound.Input, 0, 0, bound.Output, 0)), item.Calls), "stated_tokens");
        if (ratios.Expect(key.Id, worst) is { } usual)
            return (usual, "recent_calls");

        var output = bound.Output * bound.Choices / AssumedShareOfOutput;
        return (Times(price.Cost(new Usage(bound.Input, 0, 0, output, 0)), item.Calls), "assumed_quarter_of_output_limit");
    }

    // A quote beyond what any bucket may hold is not covered anyway; it must not overflow.
    private static Credits Times(Credits one, long calls) => new((long)Int128.Min((Int128)one.Nano * calls, Credits.MaxPerBucket.Nano));

    private static void Write(Utf8JsonWriter json, List<Quote> quotes)
    {
        var currencies = quotes.Select(static quote => quote.Currency).Distinct(StringComparer.Ordinal).ToList();
        if (currencies.Count == 1)
        {
            json.WriteNumber("worst_case_cost", quotes.Sum(static quote => quote.Worst.ToDecimal()));
            json.WriteNumber("expected_cost", quotes.Sum(static quote => quote.Expected.ToDecimal()));
            json.WriteString("currency", currencies[0]);
        }
        else
        {
            // Amounts of different currencies have no sum: the items have theirs.
            json.WriteNull("worst_case_cost");
            json.WriteNull("expected_cost");
            json.WriteNull("currency");
        }

        WritePaidBy(json, quotes.SelectMany(static quote => quote.PaidBy));
        json.WriteBoolean("covered", quotes.TrueForAll(static quote => quote.IsCovered));
        json.WriteNumber("affordable_max_tokens", quotes.Min(static quote => quote.AffordableTokens));
        json.WriteString("basis", string.Join('+', quotes.Select(static quote => quote.Basis).Distinct(StringComparer.Ordinal)));
        json.WriteStartArray("items");
        foreach (var quote in quotes)
            Write(json, quote);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Quote quote)
    {
        json.WriteStartObject();
        json.WriteString("model", quote.Model);
        json.WriteNumber("calls", quote.Calls);
        json.WriteNumber("input_tokens", quote.Bound.Input);
        json.WriteNumber("max_output_tokens", quote.Bound.Output * quote.Bound.Choices);
        json.WriteNumber("worst_case_cost", quote.Worst.ToDecimal());
        json.WriteNumber("expected_cost", quote.Expected.ToDecimal());
        json.WriteString("currency", quote.Currency);
        WritePaidBy(json, quote.PaidBy);
        json.WriteBoolean("covered", quote.IsCovered);
        json.WriteNumber("affordable_max_tokens", quote.AffordableTokens);
        json.WriteString("basis", quote.Basis);
        json.WriteEndObject();
    }

    private static void WritePaidBy(Utf8JsonWriter json, IEnumerable<BucketShare> shares)
    {
        json.WriteStartArray("paid_by");
        foreach (var bucket in shares.GroupBy(static share => (share.Bucket, share.Kind)))
        {
            json.WriteStartObject();
            json.WriteString("bucket", bucket.Key.Bucket);
            json.WriteString("kind", bucket.Key.Kind.ToString().ToLowerInvariant());
            json.WriteNumber("amount", bucket.Sum(static share => share.Amount.ToDecimal()));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private sealed record Quote(
        string Model,
        long Calls,
        CallBound Bound,
        string Currency,
        Credits Worst,
        Credits Expected,
        string Basis,
        IReadOnlyList<BucketShare> PaidBy,
        long AffordableTokens)
    {
        public bool IsCovered => PaidBy.Sum(static share => share.Amount.Nano) == Worst.Nano;
    }
}
