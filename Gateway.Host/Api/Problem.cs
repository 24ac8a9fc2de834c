using FluentValidation.Results;

namespace Gateway.Host.Api;

/// <summary>The control plane's refusals, RFC 9457. This file knows their status codes.</summary>
internal static class Problem
{
    public static IResult Invalid(string field, string message) =>
        Make(400, "The request is not valid.", errors: new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });

    public static IResult Invalid(ValidationResult result) => Make(400, "The request is not valid.", errors: result.Errors
        .GroupBy(static failure => JsonField.CamelCase(failure.PropertyName), static failure => failure.ErrorMessage, StringComparer.Ordinal)
        .ToDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal));

    public static IResult Invalid(IEnumerable<(string Field, string Message)> mistakes) => Make(400, "The request is not valid.", errors: mistakes
        .GroupBy(static mistake => mistake.Field, static mistake => mistake.Message, StringComparer.Ordinal)
        .ToDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal));

    public static IResult AmbiguousCredentials() => Make(400, "Two credentials that differ were sent: send one.");

    public static IResult Unauthorized() => Make(401, "Send the operator's key or a tw_api_ management key as Authorization: Bearer.");

    public static IResult Forbidden(string detail) => Make(403, "This key may not do that.", detail);

    public static IResult NotFound() => Make(404, "There is no such resource.");

    public static IResult MethodNotAllowed() => Make(405, "This resource has no such method.");

    public static IResult Conflict(string detail) => Make(409, "The resource does not allow that now.", detail);

    public static IResult ReadOnly() => Conflict("It is declared in configuration: change it there.");

    public static IResult PreconditionFailed() => Make(412, "The resource has changed: read it again, and send its new ETag in If-Match.");

    public static IResult TooLarge() => Make(413, "The body is too large.");

    public static IResult UnsupportedMediaType() => Make(415, "Send application/json.");

    public static IResult KeyReused() => Make(422, "The Idempotency-Key was used for another request: use a new one.");

    private static IResult Make(int status, string title, string? detail = null, IDictionary<string, string[]>? errors = null) =>
        Results.Json(new ProblemBody("about:blank", title, status, detail, errors), ApiJson.Options, "application/problem+json", status);

    private sealed record ProblemBody(string Type, string Title, int Status, string? Detail, IDictionary<string, string[]>? Errors);
}
