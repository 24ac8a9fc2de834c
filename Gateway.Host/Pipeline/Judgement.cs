using Gateway.Host.OpenAi;
using Gateway.Host.Routing;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <summary>What an attempt that has ended means: to the client, on the receipt, and for its channel.</summary>
internal static class Judgement
{
    /// <summary>What the client would hear of it; <c>null</c>: there is an answer to show.</summary>
    public static GatewayError? Error(ModelCall call, CallAttempt attempt)
    {
        if (attempt.FailedStream is { } end)
            return end == RelayEnd.Silent ? GatewayError.UpstreamTimeout : GatewayError.Upstream;
        if (attempt.Answer is { } answer)
        {
            if (answer.Broken)
                return answer.IsSilent ? GatewayError.UpstreamTimeout : GatewayError.Upstream;
            return OfStatus(answer) ?? (answer.Status != StatusCodes.Status200OK || Reply.TryRead(call, attempt) ? null : GatewayError.Upstream);
        }

        return call.ClientIsThere && attempt.Abort.IsCancellationRequested ? GatewayError.UpstreamTimeout : GatewayError.Upstream;
    }

    /// <summary>What went wrong, as the receipt says it; <c>null</c>: nothing.</summary>
    public static string? Kind(CallAttempt attempt, GatewayError? error) => error?.Code switch
    {
        _ when error is null => attempt.Answer is { Status: not StatusCodes.Status200OK } ? "refused" : null,
        _ when attempt.FailedStream is RelayEnd.Unreadable => "unreadable",
        _ when attempt.FailedStream is RelayEnd.Broken => "broken",
        _ when attempt.Answer is { Status: StatusCodes.Status200OK, Broken: false } => "unreadable",
        _ when attempt.Answer is { Broken: true, IsSilent: false } => "broken",
        "upstream_rate_limited" => "rate_limited",
        "upstream_timeout" => "timeout",
        "upstream_auth" => "auth",
        null => "refused",
        var code => code,
    };

    /// <summary>What it tells of the channel's health.</summary>
    public static (AttemptVerdict Verdict, TimeSpan? RetryAfter) Verdict(ModelCall call, CallAttempt attempt)
    {
        if (attempt.Forward is null || attempt.IsLost)
            return (AttemptVerdict.Neutral, null);
        if (attempt.Relay is { } relay)
            return (relay.End is RelayEnd.Broken or RelayEnd.Silent or RelayEnd.Error or RelayEnd.Unreadable ? AttemptVerdict.Failure : AttemptVerdict.Success, null);
        if (attempt.Binary is { } binary)
            return (binary.End is RelayEnd.Broken or RelayEnd.Silent ? AttemptVerdict.Failure : AttemptVerdict.Success, null);
        if (attempt.FailedStream is not null)
            return (AttemptVerdict.Failure, null);
        if (attempt.Answer is not { } answer)
            return (call.ClientIsThere ? attempt.Abort.IsCancellationRequested ? AttemptVerdict.Failure : AttemptVerdict.Unreachable : AttemptVerdict.Neutral, null);
        if (answer.Status == StatusCodes.Status429TooManyRequests)
            return (AttemptVerdict.RateLimited, answer.RetryAfter);
        var isSound = answer.Status == StatusCodes.Status200OK ? attempt.Reader is not null : !answer.Broken && OfStatus(answer) is null;
        return (isSound ? AttemptVerdict.Success : AttemptVerdict.Failure, null);
    }

    private static GatewayError? OfStatus(UpstreamAnswer answer) => answer.Status switch
    {
        StatusCodes.Status200OK => null,
        StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status422UnprocessableEntity => null,
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => GatewayError.UpstreamAuth,
        StatusCodes.Status429TooManyRequests => GatewayError.UpstreamRateLimited(answer.RetryAfter),
        StatusCodes.Status408RequestTimeout or StatusCodes.Status504GatewayTimeout => GatewayError.UpstreamTimeout,
        _ => GatewayError.Upstream,
    };
}
