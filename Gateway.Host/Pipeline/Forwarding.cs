using System.Diagnostics;
using System.Runtime.InteropServices;
using Gateway.Host.Catalogue;
using Gateway.Host.OpenAi;
using Gateway.Ledger;
using Gateway.Transforms.Yarp;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Host.Pipeline;

/// <summary>Step 6: YARP, attempt after attempt. Each failure that another channel might not have is followed by the next, before the first byte only.</summary>
internal sealed class Forwarding(IProxyStateLookup proxy, ChannelLoad load)
{
    /// <summary>The most channels that one call tries.</summary>
    private const int MaxAttempts = 3;

    /// <summary>The channels to try: those of the first one's route type, because the hold is for its price; least loaded first among equals.</summary>
    public IReadOnlyList<Candidate> Order(IReadOnlyList<Candidate> candidates)
    {
        if (candidates.Count < 2)
            return candidates;

        var first = candidates[0];
        return [.. candidates
            .Where(candidate => candidate.Channel.RouteType == first.Channel.RouteType)
            .OrderBy(static candidate => candidate.Channel.Priority)
            .ThenBy(candidate => (double)load.Open(candidate.Channel) / Math.Max(1, candidate.Channel.Weight))
            .Take(MaxAttempts)];
    }

    /// <summary>Tries the candidates in order; the error of the last one, or <c>null</c> when there is an answer to show.</summary>
    public async ValueTask<GatewayError?> ForwardAsync(ChatCall call, RequestDelegate forward, Reply reply)
    {
        GatewayError? error = GatewayError.NoChannel;
        foreach (var candidate in call.Candidates)
        {
            if (!load.TryEnter(candidate.Channel))
                continue;

            try
            {
                error = await AttemptAsync(call, candidate, forward, reply);
            }
            finally
            {
                load.Leave(candidate.Channel);
            }

            if (error is null || !IsWorthAnother(error) || call.Http.Response.HasStarted || !call.ClientIsThere)
                return error;
        }

        return error;
    }

    private static bool IsWorthAnother(GatewayError error) => error.Status is 429 or >= 500;

    private async ValueTask<GatewayError?> AttemptAsync(ChatCall call, Candidate candidate, RequestDelegate forward, Reply reply)
    {
        var facts = call.Hold!.Request.Facts;
        var channel = candidate.Channel;
        if (!proxy.TryGetCluster(channel.Id, out var cluster))
            return GatewayError.NoChannel;

        call.Attempt?.Answer?.Dispose();
        call.Candidate = candidate;
        facts.Channel = channel.Id;
        facts.UpstreamModel = candidate.UpstreamModel;
        call.Outgoing.Write(call.Body, candidate.UpstreamModel, call.CappedTokens);

        var startedAt = Stopwatch.GetTimestamp();
        double? firstByteMs = null;
        var http = call.Http;
        var attempt = new ForwardAttempt
        {
            Path = "/chat/completions",
            Credential = channel.ApiKey,
            Body = call.Outgoing.Bytes,
            OnStream = call.Body.Index.Stream ? stream => reply.Relay(call, stream) : null,
            OnHead = () =>
            {
                call.UpstreamAnswered = true;
                firstByteMs = Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
                call.Abort.CancelAfter(Timeout.InfiniteTimeSpan);
            },
            CancellationToken = call.Abort.Token,
        };
        call.Attempt = attempt;
        http.Features.Set(attempt);
        CallHeaders.Attempted(call);

        // YARP must not see the client hang up: whether that ends the attempt is ChatCall's decision.
        var clientAborted = http.RequestAborted;
        http.RequestAborted = call.Abort.Token;
        http.Request.Body = AsStream(attempt.Body);
        http.Request.ContentLength = attempt.Body.Length;
        call.Abort.CancelAfter(channel.FirstByteTimeout);
        try
        {
            http.ReassignProxyRequest(cluster);
            await forward(http);
        }
        finally
        {
            http.RequestAborted = clientAborted;
        }

        var error = Judge(call, attempt);
        facts.Attempts.Add(new Attempt
        {
            N = facts.Attempts.Count + 1,
            Channel = channel.Id,
            UpstreamModel = candidate.UpstreamModel,
            Status = attempt.Answer?.Status ?? (attempt.Relay is null ? null : StatusCodes.Status200OK),
            Error = error is null ? null : ErrorKind(error),
            LatencyMs = Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds,
            FirstByteMs = firstByteMs,
            Charged = error is null,
        });
        return error;
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : throw new UnreachableException("Bodies are pooled arrays.");

    private static string ErrorKind(GatewayError error) => error.Code switch
    {
        "upstream_rate_limited" => "rate_limited",
        "upstream_timeout" => "timeout",
        "upstream_auth" => "auth",
        null => "refused",
        var code => code,
    };

    private static GatewayError? Judge(ChatCall call, ForwardAttempt attempt)
    {
        if (attempt.Relay is not null)
            return null;
        if (attempt.Answer is { } answer)
            return answer.Broken ? GatewayError.Upstream : JudgeStatus(answer);
        if (!call.ClientIsThere)
            return GatewayError.Upstream;
        return call.Abort.IsCancellationRequested ? GatewayError.UpstreamTimeout : GatewayError.Upstream;
    }

    private static GatewayError? JudgeStatus(UpstreamAnswer answer) => answer.Status switch
    {
        StatusCodes.Status200OK => null,
        StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status422UnprocessableEntity => null,
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => GatewayError.UpstreamAuth,
        StatusCodes.Status429TooManyRequests => GatewayError.UpstreamRateLimited(answer.RetryAfter),
        StatusCodes.Status408RequestTimeout or StatusCodes.Status504GatewayTimeout => GatewayError.UpstreamTimeout,
        _ => GatewayError.Upstream,
    };
}
