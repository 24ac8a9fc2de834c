using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Ledger;

namespace Gateway.Host.Api.Accounts;

/// <summary>The answer to a top-up, a pack or an adjustment: the bucket as it is now, and what was posted.</summary>
internal static class PostingAnswer
{
    /// <summary>201 with the bucket, or why nothing was posted; <paramref name="amountField"/> is what the request calls the amount.</summary>
    public static IResult Of(HttpContext http, Posting posting, PostingResult result, string amountField, DateTimeOffset now) => result switch
    {
        PostingResult.Posted posted => Created(http, posting, posted, now),
        PostingResult.OverLimit over => Problem.Invalid(amountField, $"would take the bucket beyond {Credits.MaxPerBucket} credits; it has {over.Balance}."),
        PostingResult.TooLow low => Problem.Conflict($"The bucket has {low.Balance} credits: no more can be taken out."),
        PostingResult.NoBucket => Problem.NotFound(),
        _ => Problem.KeyReused(),
    };

    private static IResult Created(HttpContext http, Posting posting, PostingResult.Posted posted, DateTimeOffset now)
    {
        var answer = (JsonObject)JsonSerializer.SerializeToNode(BucketAnswer.Of(posted.Bucket, now), ApiJson.Options)!;
        answer["account"] = posting.Account;
        answer["amount"] = JsonNode.Parse(posting.Amount.ToString());
        answer["note"] = posting.Note;
        answer["postingId"] = posted.PostingId;
        answer["createdAt"] = posted.At;
        answer["source"] = "rest";
        if (posted.Replayed)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        return Results.Json(answer, ApiJson.Options, statusCode: 201);
    }
}
