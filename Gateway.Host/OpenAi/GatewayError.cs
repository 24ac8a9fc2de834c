using System.Globalization;
using Gateway.Ledger;
using Gateway.Transforms;

namespace Gateway.Host.OpenAi;

/// <summary>An error in OpenAI's shape. This file is the one place that knows which failure has which status and code.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">The machine's word for it.</param>
/// <param name="Message">What happened and what to do next. Never holds a credential, an upstream's address or another tenant's data.</param>
public sealed record GatewayError(int Status, string? Code, string Message)
{
    /// <summary>The request's field that is at fault.</summary>
    public string? Param { get; init; }

    /// <summary>When to come back; set on every error that a retry can cure.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether a retry cannot help, so that SDKs which read <c>x-should-retry</c> do not try.</summary>
    public bool Final { get; init; }

    /// <summary>The output limit that the balance affords; on <c>insufficient_balance</c>.</summary>
    public long? AffordableMaxTokens { get; init; }

    /// <summary>The body's <c>type</c>, which follows from the status.</summary>
    public string Type => Status switch
    {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 and not 501 => "api_error",
        _ => "invalid_request_error",
    };

    internal static readonly GatewayError MissingKey = new(401, "missing_api_key", "No API key: send it as 'Authorization: Bearer tw_…'.");
    internal static readonly GatewayError InvalidKey = new(401, "invalid_api_key", "This API key is not valid: check it for typing errors, or make a new one.");
    internal static readonly GatewayError ExpiredKey = new(401, "expired_api_key", "This API key has expired: make a new one.");
    internal static readonly GatewayError DisabledKey = new(401, "disabled_api_key", "This API key is disabled: enable it, or use another.");
    internal static readonly GatewayError AmbiguousCredentials = new(400, "ambiguous_credentials", "The request carries two different API keys: send one.");
    internal static readonly GatewayError IpNotAllowed = new(403, "ip_not_allowed", "This API key may not be used from this address.");
    internal static readonly GatewayError WrongKindOfKey = new(403, "permission_denied", "A management key cannot call models: use an inference key (tw_…).");
    internal static readonly GatewayError RouteNotAllowed = new(403, "route_not_allowed", "This API key may not use the route types that serve this model.");
    internal static readonly GatewayError NotFound = new(404, "not_found", "There is nothing at this address: check the path and the id.");
    internal static readonly GatewayError MethodNotAllowed = new(405, "method_not_allowed", "This address does not take this method.");
    internal static readonly GatewayError UnsupportedMediaType = new(415, "unsupported_media_type", "Send the body as 'Content-Type: application/json', without a content encoding.");
    internal static readonly GatewayError NotMultipart = new(415, "unsupported_media_type", "Send the body as 'Content-Type: multipart/form-data', without a content encoding.");
    internal static readonly GatewayError PreviousResponseNotFound = new(400, "previous_response_not_found", "No response of this id is known here: send the conversation instead.") { Param = "previous_response_id" };
    internal static readonly GatewayError PreviousResponseElsewhere = new(400, "previous_response_not_found", "The channel that made this response does not serve this model: send the conversation instead.") { Param = "previous_response_id" };
    internal static readonly GatewayError BadFraming = new(400, "bad_framing", "Content-Length and Transfer-Encoding contradict each other: send one.");
    internal static readonly GatewayError UnsupportedFraming = new(501, "bad_framing", "Only 'Transfer-Encoding: chunked' is understood.");
    internal static readonly GatewayError ExpectationFailed = new(417, null, "Only 'Expect: 100-continue' is understood.");
    internal static readonly GatewayError Internal = new(500, "internal_error", "Something went wrong here; nothing was charged. Try again, and report the x-request-id if it stays.") { RetryAfter = TimeSpan.FromSeconds(1) };
    internal static readonly GatewayError NoChannel = new(503, "no_channel_available", "No channel can take this call now: try again shortly.") { RetryAfter = TimeSpan.FromSeconds(1) };
    internal static readonly GatewayError Draining = new(503, "no_channel_available", "This gateway is shutting down: try again.") { RetryAfter = TimeSpan.FromSeconds(1) };
    internal static readonly GatewayError UpstreamAuth = new(502, "upstream_auth", "The provider refused the gateway's credential: the operator must mend the channel. Not charged.") { RetryAfter = TimeSpan.FromSeconds(5) };
    internal static readonly GatewayError Upstream = new(502, "upstream_error", "The provider failed to answer. Not charged; try again.") { RetryAfter = TimeSpan.FromSeconds(1) };
    internal static readonly GatewayError UpstreamTimeout = new(504, "upstream_timeout", "The provider did not answer in time. Not charged; try again.") { RetryAfter = TimeSpan.FromSeconds(1) };
    internal static readonly GatewayError StreamInterrupted = new(502, "stream_interrupted", "The provider broke off. What was delivered is charged; the receipt says how much.");
    internal static readonly GatewayError CreditExhausted = new(402, "credit_exhausted", "The provider went beyond the output limit, and the balance does not cover more. What was delivered is charged; top up to go on.") { Final = true };
    internal static readonly GatewayError TookTooLong = new(504, "max_duration", "The answer took longer than Gateway__MaxAnswerTime. What was delivered is charged; the receipt says how much.");
    internal static readonly GatewayError StoreAway = new(503, "ledger_unavailable", "A store that this needs is away: try again shortly.") { RetryAfter = TimeSpan.FromSeconds(2) };
    internal static readonly GatewayError SettlementFailed = new(503, "ledger_unavailable", "The settlement could not be stored, so the answer is withheld. Not charged; try again.") { RetryAfter = TimeSpan.FromSeconds(5) };
    internal static readonly GatewayError RequestTimeout = new(408, "request_timeout", "The request's body did not arrive in time.") { RetryAfter = TimeSpan.FromSeconds(1) };

    internal static readonly GatewayError InvalidIdempotencyKey = new(400, "invalid_idempotency_key", "Idempotency-Key is 1 to 255 printable ASCII characters.") { Param = "Idempotency-Key" };
    internal static readonly GatewayError InvalidRunId = new(400, "invalid_run_id", "X-Run-Id is 1 to 128 printable ASCII characters.") { Param = "X-Run-Id" };
    internal static readonly GatewayError IdempotencyInProgress = new(409, "idempotency_in_progress", "The call with this Idempotency-Key is still running: try again shortly.") { RetryAfter = TimeSpan.FromSeconds(1) };
    internal static readonly GatewayError IdempotencyKeyReused = new(422, "idempotency_key_reused", "This Idempotency-Key belongs to another request: use a new key for each.") { Final = true };

    internal static GatewayError AnswerNotKept(Gateway.Ledger.ReceiptId id) =>
        new(409, "idempotency_answer_not_kept", $"The call is done and charged, and its answer was too long to keep. Its receipt: GET /v1/receipts/{id}") { Final = true };

    internal static GatewayError OfItem(int index, GatewayError error) =>
        error with { Message = string.Create(CultureInfo.InvariantCulture, $"Item {index}: {error.Message}") };

    internal static GatewayError InvalidBody(string message) => new(400, "invalid_body", message);

    internal static GatewayError InvalidField(string field, string message) => new(400, $"invalid_{field}", message) { Param = field };

    internal static GatewayError TooLarge(long maxBytes) =>
        new(413, "request_too_large", string.Create(CultureInfo.InvariantCulture, $"The body is larger than {maxBytes} bytes (Gateway__MaxRequestBytes)."));

    internal static GatewayError UnknownModel(string model) =>
        new(400, "unknown_model", $"No model '{Short(model)}' is served here: GET /v1/models lists what this key may call.") { Param = "model" };

    internal static GatewayError UnknownProvider(string provider) =>
        new(400, "unknown_provider", $"No provider '{Short(provider)}' is served here: GET /v1/models lists what this key may call.") { Param = "provider" };

    internal static GatewayError AmbiguousModel(string model, IEnumerable<string> ids) =>
        new(400, "ambiguous_model", $"Several providers serve '{Short(model)}': name one of {string.Join(", ", ids)}.") { Param = "model" };

    internal static GatewayError ModelNotAllowed(string model) =>
        new(403, "model_not_allowed", $"This API key may not use '{Short(model)}': GET /v1/models lists what it may call.") { Param = "model" };

    internal static GatewayError WrongKindOfModel(string model, CallKind kind) =>
        new(400, "invalid_model", $"'{Short(model)}' is not a model for this endpoint: call POST {kind.Path}.") { Param = "model" };

    internal static GatewayError NotImplemented(string path) => new(501, "not_implemented", $"No channel serves {path} here.") { Final = true };

    internal static GatewayError RateLimited(TimeSpan retryAfter, bool byTokens) =>
        new(429, "rate_limit_exceeded", byTokens ? "Too many tokens a minute for this key: slow down." : "Too many requests for this key: slow down.")
        {
            RetryAfter = retryAfter,
        };

    internal static GatewayError ConcurrencyLimited(int limit) =>
        new(429, "concurrency_limit_exceeded", string.Create(CultureInfo.InvariantCulture, $"This key may have {limit} calls in flight: wait for one to end."))
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    internal static GatewayError OverBudget(HoldResult.OverBudget over) =>
        new(402, "key_budget_exceeded",
            $"This call may cost more than what is left of the key's budget ({over.Remaining} of {over.Budget.Amount} a {over.Budget.Period.ToString().ToLowerInvariant()}).")
        {
            Final = true,
        };

    internal static GatewayError OverAllowance(HoldResult.OverAllowance over) =>
        new(402, "allowance_exceeded", $"This call may cost more than what is left of the member's monthly allowance ({over.Remaining} of {over.Allowance}).")
        {
            Final = true,
        };

    internal static GatewayError Reserved(HoldResult.Reserved reserved) =>
        new(429, "credits_reserved", $"{reserved.Available} of {reserved.Balance} credits are free while other calls are in flight: try again when they have ended.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    internal static GatewayError InsufficientBalance(int status, Credits available, long affordableMaxTokens, bool packsOnly) =>
        new(status, packsOnly ? "no_active_pack" : "insufficient_balance",
            packsOnly
                ? "No active pack covers this call: buy a pack for this model, or let the key use a route."
                : $"The balance ({available}) does not cover this call: top up, or ask for fewer tokens (max_completion_tokens ≤ {affordableMaxTokens.ToString(CultureInfo.InvariantCulture)}).")
        {
            AffordableMaxTokens = packsOnly ? null : affordableMaxTokens,
            Final = true,
        };

    internal static GatewayError Unavailable(UnavailableReason reason) => reason switch
    {
        UnavailableReason.Backlog => new(503, "ledger_backlog", "Too many settlements wait to be recorded: try again shortly.") { RetryAfter = TimeSpan.FromSeconds(2) },
        UnavailableReason.Front => new(503, "ledger_unavailable", "The ledger is moving to another front: try again shortly.") { RetryAfter = TimeSpan.FromSeconds(1) },
        _ => new(503, "ledger_unavailable", "The ledger cannot admit calls now: try again shortly.") { RetryAfter = TimeSpan.FromSeconds(2) },
    };

    internal static GatewayError UpstreamRateLimited(TimeSpan? retryAfter) =>
        new(429, "upstream_rate_limited", "The provider is rate-limiting: try again later. Not charged.") { RetryAfter = retryAfter ?? TimeSpan.FromSeconds(1) };

    private static string Short(string text) => text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
}
