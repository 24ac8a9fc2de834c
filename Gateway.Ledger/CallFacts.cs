namespace Gateway.Ledger;

/// <summary>How a call ended. The JSON names are snake case.</summary>
public enum Outcome
{
    /// <summary>The whole answer was delivered.</summary>
    Complete,

    /// <summary>The client hung up.</summary>
    ClientClosed,

    /// <summary>The upstream broke off after the first content byte.</summary>
    Interrupted,

    /// <summary>No answer, or an error: free.</summary>
    Failed,

    /// <summary>The gateway died; settled from its spool.</summary>
    Recovered,

    /// <summary>Complete, with no output and no finish reason: free.</summary>
    Empty,

    /// <summary>Complete, but dearer than what was held and available; the rest is the house's.</summary>
    Overrun,

    /// <summary>Refused after the hold.</summary>
    Rejected,

    /// <summary>Answered from the cache: free.</summary>
    Cached,
}

/// <summary>Whether the client is known to have received the end of its answer.</summary>
public enum Delivery
{
    /// <summary>The last bytes were written to a connection that was open.</summary>
    Confirmed,

    /// <summary>They may or may not have arrived.</summary>
    Unconfirmed,

    /// <summary>They did not, and the charge was reversed.</summary>
    Refunded,
}

/// <summary>One try at one channel.</summary>
public sealed record Attempt
{
    /// <summary>Counts from 1.</summary>
    public required int N { get; init; }

    /// <summary>The channel's id.</summary>
    public required string Channel { get; init; }

    /// <summary>The model as the upstream was asked for it.</summary>
    public required string UpstreamModel { get; init; }

    /// <summary>The upstream's status; <c>null</c>: none came.</summary>
    public int? Status { get; init; }

    /// <summary>What went wrong, for example <c>rate_limited</c>; <c>null</c>: nothing.</summary>
    public string? Error { get; init; }

    /// <summary>From sending to the end of this attempt. Unit: milliseconds.</summary>
    public double LatencyMs { get; init; }

    /// <summary>From sending to the first byte of the answer's head. Unit: milliseconds.</summary>
    public double? FirstByteMs { get; init; }

    /// <summary>Whether this is the attempt that was charged.</summary>
    public bool Charged { get; init; }

    /// <summary>Whether the provider may have charged the gateway for it though the customer paid nothing: a call that timed out or was cancelled.</summary>
    public bool UpstreamMaybeCharged { get; init; }
}

/// <summary>A proxy rule that had an effect on a call.</summary>
/// <param name="Id">The rule's id.</param>
/// <param name="Type">For example <c>compress</c>.</param>
/// <param name="Effect">What it did: a JSON object (UTF-8).</param>
public sealed record AppliedRule(string Id, string Type, byte[] Effect);

/// <summary>What one call did, apart from money: filled in along the request path and written whole into its receipt.</summary>
public sealed record CallFacts
{
    /// <summary>The key that called.</summary>
    public required string KeyId { get; init; }

    /// <summary>The member who owns the key.</summary>
    public string? MemberId { get; init; }

    /// <summary>The tenant.</summary>
    public required string Workspace { get; init; }

    /// <summary>The client's <c>X-Run-Id</c>.</summary>
    public string? RunId { get; init; }

    /// <summary>Labels from the key and from <c>X-Gateway-Tag</c>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>For example <c>/v1/chat/completions</c>.</summary>
    public required string Endpoint { get; init; }

    /// <summary><c>openai</c>, <c>wallet</c> or <c>anthropic</c>.</summary>
    public required string Dialect { get; init; }

    /// <summary>Whether the client asked for a stream.</summary>
    public bool Streamed { get; init; }

    /// <summary>The model as the client wrote it.</summary>
    public required string RequestedModel { get; init; }

    /// <summary><c>provider/model</c> after rules and resolution.</summary>
    public required string RoutedModel { get; init; }

    /// <summary>The provider of <see cref="RoutedModel"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>The model of <see cref="RoutedModel"/>.</summary>
    public required string Model { get; init; }

    /// <summary>The route type that was priced.</summary>
    public required RouteType RouteType { get; init; }

    /// <summary>The first channel that was chosen.</summary>
    public required string PrimaryChannel { get; init; }

    /// <summary>The channel that answered.</summary>
    public string? Channel { get; set; }

    /// <summary>The model as that channel was asked for it.</summary>
    public string? UpstreamModel { get; set; }

    /// <summary>The model that the answer names.</summary>
    public string? ReportedModel { get; set; }

    /// <summary>What each proxy rule did, in the order in which they ran.</summary>
    public IReadOnlyList<AppliedRule> Rules { get; set; } = [];

    /// <summary>Every attempt, the first included.</summary>
    public List<Attempt> Attempts { get; } = [];

    /// <summary>What the upstream reported, where it is not believed: the gateway's count is charged then, and at most the hold; <c>null</c>: nothing is disputed.</summary>
    public Usage? DisputedUsage { get; set; }

    /// <summary>From the first byte of the request to the settlement. Unit: milliseconds.</summary>
    public double LatencyMs { get; set; }

    /// <summary>From the first byte of the request to the first content token. Unit: milliseconds.</summary>
    public double? FirstTokenMs { get; set; }

    /// <summary>The W3C trace id.</summary>
    public string? TraceId { get; init; }

    /// <summary>The SDK's <c>X-Stainless-Retry-Count</c>: shows a client's own retry.</summary>
    public int? ClientRetryCount { get; init; }
}
