namespace Gateway.Host.Telemetry;

/// <summary>Every name that traces, metrics and logs carry: one place, because dashboards and alerts depend on them.</summary>
/// <remarks>
/// <c>gen_ai.*</c>, <c>http.*</c>, <c>server.*</c> and <c>error.type</c> are OpenTelemetry's
/// (https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai; https://github.com/open-telemetry/semantic-conventions, docs/http).
/// What these do not know is <c>gateway.*</c>.
/// </remarks>
internal static class TelemetryNames
{
    /// <summary>The activity source and the meter of the request path.</summary>
    public const string Gateway = "Gateway";

    // Spans.
    public const string Admission = "admission";
    public const string Rules = "rules";
    public const string Cache = "cache";
    public const string Settlement = "settlement";

    // Attributes of OpenTelemetry.
    public const string HttpMethod = "http.request.method";
    public const string HttpRoute = "http.route";
    public const string HttpStatus = "http.response.status_code";
    public const string UrlPath = "url.path";
    public const string UrlScheme = "url.scheme";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";
    public const string Operation = "gen_ai.operation.name";
    public const string Provider = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string RequestStream = "gen_ai.request.stream";
    public const string OutputType = "gen_ai.output.type";
    public const string RequestMaxTokens = "gen_ai.request.max_tokens";
    public const string ResponseId = "gen_ai.response.id";
    public const string ResponseModel = "gen_ai.response.model";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string TimeToFirstChunk = "gen_ai.response.time_to_first_chunk";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string CacheReadTokens = "gen_ai.usage.cache_read.input_tokens";
    public const string CacheCreationTokens = "gen_ai.usage.cache_creation.input_tokens";
    public const string CacheWriteTokens = "gen_ai.usage.cache_write.input_tokens"; // the newer name of CacheCreationTokens
    public const string ReasoningTokens = "gen_ai.usage.reasoning.output_tokens";
    public const string TokenType = "gen_ai.token.type";

    public const string InputMessages = "gen_ai.input.messages";
    public const string OutputMessages = "gen_ai.output.messages";
    public const string SystemInstructions = "gen_ai.system_instructions";
    public const string ToolDefinitions = "gen_ai.tool.definitions";

    // Attributes of the gateway's own.
    public const string ReceiptId = "gateway.receipt.id";
    public const string Workspace = "gateway.workspace";
    public const string KeyId = "gateway.key.id";
    public const string Account = "gateway.account";
    public const string RunId = "gateway.run.id";
    public const string Tags = "gateway.tags";
    public const string Kind = "gateway.kind";
    public const string Outcome = "gateway.outcome";
    public const string Cost = "gateway.cost";
    public const string Currency = "gateway.currency";
    public const string HoldAmount = "gateway.hold.amount";
    public const string CountedBy = "gateway.counted_by";
    public const string RequestedModel = "gateway.model.requested";
    public const string RoutedModel = "gateway.model.routed";
    public const string RouteType = "gateway.route_type";
    public const string Channel = "gateway.channel";
    public const string AttemptNumber = "gateway.attempt.number";
    public const string Attempts = "gateway.attempts";
    public const string FallbackUsed = "gateway.fallback.used";
    public const string CacheStatus = "gateway.cache.status";
    public const string RuleId = "gateway.rule.id";
    public const string RuleType = "gateway.rule.type";
    public const string CompressStrength = "gateway.compress.strength";
    public const string TokensSaved = "gateway.compress.tokens_saved";
    public const string MessagesDropped = "gateway.trim.dropped";
    public const string ErrorCode = "gateway.error.code";
    public const string ContentTruncated = "gateway.content.truncated";

    // Instruments of OpenTelemetry.
    public const string ClientDuration = "gen_ai.client.operation.duration";
    public const string ClientTokens = "gen_ai.client.token.usage";
    public const string ClientFirstChunk = "gen_ai.client.operation.time_to_first_chunk";
    public const string ClientPerChunk = "gen_ai.client.operation.time_per_output_chunk";
    public const string ServerDuration = "gen_ai.server.request.duration";
    public const string ServerFirstToken = "gen_ai.server.time_to_first_token";
    public const string ServerPerToken = "gen_ai.server.time_per_output_token";

    // Instruments of the gateway's own.
    public const string Requests = "gateway.requests";
    public const string ActiveRequests = "gateway.requests.active";
    public const string Overhead = "gateway.request.overhead";
    public const string Costs = "gateway.cost.charged";
    public const string Fallbacks = "gateway.fallbacks";
    public const string Refusals = "gateway.refusals";
    public const string CacheRequests = "gateway.cache.requests";
    public const string CompressSaved = "gateway.compress.saved";
    public const string BreakerState = "gateway.channel.breaker";
    public const string ChannelCalls = "gateway.channel.calls";
    public const string WatchdogPaused = "gateway.watchdog.paused";
}
