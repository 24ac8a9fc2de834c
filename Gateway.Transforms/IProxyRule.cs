namespace Gateway.Transforms;

/// <summary>One rule as an operator wrote it, compiled: immutable, and shared by all requests that it matches.</summary>
/// <remarks>A rule that meets a body it does not understand steps aside and says so in its effect; it never throws for what a client sent.</remarks>
public interface IProxyRule
{
    /// <summary>Whether it has anything to say to calls of this API. A rule that has not, does not match.</summary>
    bool AppliesTo(CallKind kind) => true;

    /// <summary>Looks at a request, and may change it through <see cref="Exchange"/>.</summary>
    ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken);

    /// <summary>Looks at the answer of a call that ended well, after it was settled. Not called for errors.</summary>
    ValueTask OnResponseAsync(Exchange exchange, ExchangeAnswer answer, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
