using System.Diagnostics;
using System.Runtime.InteropServices;
using Gateway.Host.Catalogue;
using Gateway.Host.OpenAi;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Yarp;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Host.Pipeline;

/// <summary>Step 6: YARP, attempt after attempt. Each failure that another channel or model might not have is followed by the next, before the first byte only.</summary>
internal sealed class Forwarding(IProxyStateLookup proxy, ChannelLoad load, Admission admission)
{
    /// <summary>The most channels of one model that a call tries.</summary>
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

    /// <summary>Tries the legs and their candidates in order; the error of the last one, or <c>null</c> when there is an answer to show.</summary>
    public async ValueTask<GatewayError?> ForwardAsync(ModelCall call, RequestDelegate forward, Reply reply)
    {
        GatewayError? error = GatewayError.NoChannel;
        var left = call.Exchange.Fallback?.MaxAttempts ?? MaxAttempts;
        for (var i = 0; i < call.Legs.Count && left > 0; i++)
        {
            var leg = call.Legs[i];
            if (i > 0 && await admission.MoveAsync(call, leg) is { } refused)
            {
                call.Skip(new FallbackModel(leg.Model.Provider, leg.Model.Name), refused.Status >= 500 ? "the ledger is away" : "the balance does not cover it");
                continue;
            }

            // The siblings of a model leave one attempt for each fallback that is to come.
            var later = call.Legs.Count - i - 1;
            var mine = Math.Max(1, left - later);
            for (var c = 0; c < leg.Candidates.Count && mine > 0; c++)
            {
                if (!load.TryEnter(leg.Candidates[c].Channel))
                    continue;

                (mine, left) = (mine - 1, left - 1);
                var isLast = left == 0 || (later == 0 && (mine == 0 || c == leg.Candidates.Count - 1));
                try
                {
                    error = await AttemptAsync(call, leg.Candidates[c], isLast, forward, reply);
                }
                finally
                {
                    load.Leave(leg.Candidates[c].Channel);
                }

                if (isLast || !IsWorthAnother(call, error) || call.Http.Response.HasStarted || !call.ClientIsThere)
                    return error;
            }
        }

        return error;
    }

    // A chain that names statuses is obeyed in both directions; a connection that failed or was too slow has none, and always counts.
    private static bool IsWorthAnother(ModelCall call, GatewayError? error)
    {
        if (call.Attempt is { Relay: not null })
            return false;
        if (call.Exchange.Fallback?.OnStatus is { } statuses && call.Attempt?.Answer is { Status: not StatusCodes.Status200OK, Status: var status })
            return statuses.Contains(status);
        return error is { Status: 429 or >= 500 };
    }

    private async ValueTask<GatewayError?> AttemptAsync(ModelCall call, Candidate candidate, bool isLast, RequestDelegate forward, Reply reply)
    {
        var channel = candidate.Channel;
        if (!proxy.TryGetCluster(channel.Id, out var cluster))
            return GatewayError.NoChannel;

        call.Attempt?.Answer?.Dispose();
        call.BeginAttempt(candidate, FirstByteTimeout(call, channel, isLast));
        call.Outgoing.Write(call.Exchange, candidate.UpstreamModel, call.OutputLimit, OutputLimits.FieldOf(channel));
        var http = call.Http;
        var attempt = new ForwardAttempt
        {
            Path = "/chat/completions",
            Credential = channel.ApiKey,
            Body = call.Outgoing.Bytes,
            OnStream = call.Body.Index.Stream ? stream => reply.Relay(call, stream) : null,
            OnHead = call.NoteHead,
            CancellationToken = call.Abort.Token,
        };
        call.Attempt = attempt;
        http.Features.Set(attempt);
        CallHeaders.Attempted(call);

        // YARP must not see the client hang up: whether that ends the attempt is ModelCall's decision.
        var clientAborted = http.RequestAborted;
        http.RequestAborted = call.Abort.Token;
        http.Request.Body = AsStream(attempt.Body);
        http.Request.ContentLength = attempt.Body.Length;
        try
        {
            // YARP refuses to forward once a status is set, and the attempt before set one.
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.ReassignProxyRequest(cluster);
            await forward(http);
        }
        finally
        {
            http.RequestAborted = clientAborted;
        }

        // A stream has written its attempt itself, because its receipt is written before YARP comes back.
        var error = Judge(call, attempt);
        if (attempt.Relay is null)
            call.NoteAttempt(attempt.Answer?.Status, ErrorKind(attempt, error));
        return error;
    }

    private static TimeSpan FirstByteTimeout(ModelCall call, Channel channel, bool isLast) =>
        !isLast && call.Exchange.Fallback?.OnTimeout is { } timeout && timeout < channel.FirstByteTimeout ? timeout : channel.FirstByteTimeout;

    private static MemoryStream AsStream(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : throw new UnreachableException("Bodies are pooled arrays.");

    private static string? ErrorKind(ForwardAttempt attempt, GatewayError? error) => error?.Code switch
    {
        _ when error is null => attempt.Answer is { Status: not StatusCodes.Status200OK } ? "refused" : null,
        "upstream_rate_limited" => "rate_limited",
        "upstream_timeout" => "timeout",
        "upstream_auth" => "auth",
        null => "refused",
        var code => code,
    };

    private static GatewayError? Judge(ModelCall call, ForwardAttempt attempt)
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
