using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Gateway.Host.Catalogue;
using Gateway.Host.OpenAi;
using Gateway.Host.Routing;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Yarp;
using Yarp.ReverseProxy;

namespace Gateway.Host.Pipeline;

/// <summary>Sends one attempt through YARP and judges what came of it.</summary>
internal sealed class Upstreams(IProxyStateLookup proxy, ChannelLoad load, ChannelHealth health, TimeProvider time)
{
    private const string EventStream = "text/event-stream";

    /// <summary>Takes a place on the candidate's channel; <c>false</c>: it is full, or known to be down.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="leave">What its health wants to see again with the verdict.</param>
    public bool TryEnter(Candidate candidate, out Leave leave)
    {
        leave = default;
        if (!load.TryEnter(candidate.Channel))
            return false;
        if (health.TryBegin(candidate.Channel, candidate.UpstreamModel, out leave))
            return true;

        load.Leave(candidate.Channel);
        return false;
    }

    /// <summary>Why none of the channels takes a call: all are full, or left alone for a while; and when to come back.</summary>
    public GatewayError NoneFor(IReadOnlyList<Leg> legs)
    {
        var first = legs.SelectMany(static leg => leg.Candidates)
            .SelectMany(candidate => health.StatesOf(candidate.Channel).Where(state => string.Equals(state.Model, candidate.UpstreamModel, StringComparison.Ordinal)))
            .Min(static state => state.OpenUntil);
        return first is { } until && until - time.GetUtcNow() is { Ticks: > 0 } wait ? GatewayError.NoChannel with { RetryAfter = wait } : GatewayError.NoChannel;
    }

    /// <summary>Gives a place back that was not used.</summary>
    public void GiveBack(Turn turn)
    {
        health.Report(turn.Candidate.Channel, turn.Candidate.UpstreamModel, AttemptVerdict.Neutral, retryAfter: null, turn.Leave);
        load.Leave(turn.Candidate.Channel);
    }

    /// <summary>What is translated on the way to the candidate.</summary>
    public Adapter AdapterOf(ModelCall call, Candidate candidate) => Adapter.For(call.Kind, candidate.Channel.Preset)?.For(call.Exchange.Body.Span)
        ?? throw new UnreachableException("Candidates that cannot serve the kind of call were left out.");

    /// <summary>Sends the attempt, whose place is taken, and gives the place back; the error, or <c>null</c> when there is an answer to show, or another attempt's is shown.</summary>
    /// <param name="call">The call.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="race">The others that run beside it; <c>null</c>: none.</param>
    /// <param name="http">The context that YARP gets: the call's, or one of the attempt's own.</param>
    /// <param name="forward">YARP.</param>
    /// <param name="reply">Reads the answer.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<GatewayError?> SendAsync(ModelCall call, CallAttempt attempt, AttemptRace? race, HttpContext http, RequestDelegate forward, Reply reply)
    {
        var candidate = attempt.Candidate;
        try
        {
            if (!proxy.TryGetCluster(candidate.Channel.Id, out var cluster))
                return GatewayError.NoChannel;
            if (attempt.Outgoing.Write(call, attempt) is { } unwritable)
            {
                attempt.Note(status: null, "untranslatable", call.ClientIsThere);
                return unwritable;
            }

            attempt.Forward = AttemptFor(call, attempt, race, reply);
            if (ReferenceEquals(http, call.Http))
                CallHeaders.Attempted(call, attempt);
            await ForwardAsync(attempt, http, cluster, forward);
            return Conclude(call, attempt, race);
        }
        finally
        {
            Report(call, attempt);
            load.Leave(candidate.Channel);
        }
    }

    // For a stream already when it has begun to speak; what breaks it later is told here.
    private void Report(ModelCall call, CallAttempt attempt)
    {
        var (verdict, retryAfter) = Judgement.Verdict(call, attempt);
        if (attempt.IsReported && verdict is AttemptVerdict.Success or AttemptVerdict.Neutral)
            return;

        attempt.IsReported = true;
        health.Report(attempt.Candidate.Channel, attempt.Candidate.UpstreamModel, verdict, retryAfter, attempt.Leave);
    }

    private ForwardAttempt AttemptFor(ModelCall call, CallAttempt attempt, AttemptRace? race, Reply reply)
    {
        var (channel, upstreamModel) = (attempt.Candidate.Channel, attempt.Candidate.UpstreamModel);
        var wantsStream = call.Body.Index.Stream;
        var target = channel.Preset.PathOf(attempt.Adapter.Kind, upstreamModel, wantsStream)!; // not null: candidates that do not serve the kind were left out
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return new SentAttempt(this, call, attempt, race, reply)
        {
            Path = query < 0 ? target : target[..query],
            Query = query < 0 ? default : new QueryString(target[query..]),
            Headers = OutgoingHeaders.Of(call, attempt),
            ContentType = call.Body.ContentType,
            Accept = wantsStream ? EventStream : call.IsBinary ? "*/*" : "application/json",
            Body = attempt.Outgoing.Bytes,
            IdleTimeout = channel.IdleTimeout,
            CancellationToken = attempt.Abort.Token,
        };
    }

    // A stream that fails before it says anything is like any other failure: the next attempt may still answer.
    private async ValueTask<Stream?> BeginAsync(ModelCall call, CallAttempt attempt, AttemptRace? race, Reply reply, Stream upstream)
    {
        var (adapter, target) = (attempt.Adapter, attempt.Target);
        if (adapter.Upstream is { } translation)
            upstream = new TranslatingStream(upstream, translation.Translate(target));
        var relay = attempt.Relay = reply.Relay(call, attempt, upstream);
        if (!await relay.BeginAsync(attempt.Abort.Token))
        {
            attempt.FailedStream = relay.End;
            attempt.Relay = null;
            relay.Release();
            return null;
        }

        if (!TryWin(call, attempt, race))
            return null;

        Reply.BeginStream(call);
        return adapter.Client is { } client ? new TranslatingStream(relay, client.Translate(target)) : relay;
    }

    private async ValueTask<Stream?> BeginBinaryAsync(ModelCall call, CallAttempt attempt, AttemptRace? race, Reply reply, Stream upstream, string mediaType)
    {
        var relay = attempt.Binary = reply.RelayBinary(call, attempt, upstream);
        if (!await relay.BeginAsync(attempt.Abort.Token))
        {
            attempt.FailedStream = relay.End == RelayEnd.Complete ? RelayEnd.Unreadable : relay.End;
            attempt.Binary = null;
            relay.Release();
            return null;
        }

        if (!TryWin(call, attempt, race))
            return null;

        call.Http.Response.StatusCode = StatusCodes.Status200OK;
        call.Http.Response.ContentType = mediaType;
        return relay;
    }

    // The client is about to get this answer: what is known of its channel by now is good.
    private bool TryWin(ModelCall call, CallAttempt attempt, AttemptRace? race)
    {
        if (race?.TryWin(attempt) == false)
            return false;

        Report(call, attempt);
        call.Choose(attempt);
        CallHeaders.Attempted(call, attempt);
        return true;
    }

    // Sound or subtitles: what is JSON or a page is an error that came with a 200.
    private static bool IsBinary(string mediaType) =>
        mediaType.Length > 0 && !mediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase) && !mediaType.EndsWith("html", StringComparison.OrdinalIgnoreCase);

    private static async Task ForwardAsync(CallAttempt attempt, HttpContext http, Yarp.ReverseProxy.Model.ClusterState cluster, RequestDelegate forward)
    {
        var sent = attempt.Forward!; // not null: it was just made
        http.Features.Set(sent);

        // YARP must not see the client hang up: whether that ends the attempt is ModelCall's decision.
        var clientAborted = http.RequestAborted;
        http.RequestAborted = attempt.Abort.Token;
        http.Request.QueryString = sent.Query;
        http.Request.Body = AsStream(sent.Body);
        http.Request.ContentLength = sent.Body.Length;
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
    }

    // A stream has written its line itself, because its receipt is written before YARP comes back.
    private static GatewayError? Conclude(ModelCall call, CallAttempt attempt, AttemptRace? race)
    {
        if (attempt.IsLost || attempt.Relay is not null || attempt.Binary is not null)
            return null;

        var error = Judgement.Error(call, attempt);
        if (error is null && race?.TryWin(attempt) == false)
            return null;
        if (error is null)
        {
            call.Choose(attempt);
            CallHeaders.Attempted(call, attempt);
        }

        attempt.Note(attempt.Answer?.Status ?? (attempt.FailedStream is null ? null : StatusCodes.Status200OK), Judgement.Kind(attempt, error), call.ClientIsThere);
        return error;
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : throw new UnreachableException("Bodies are pooled arrays.");

    private sealed class SentAttempt(Upstreams upstreams, ModelCall call, CallAttempt attempt, AttemptRace? race, Reply reply) : ForwardAttempt
    {
        protected override void OnHead() => attempt.NoteHead();

        protected override bool Streams(string mediaType) => call.Body.Index.Stream
            ? mediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase)
            : call.IsBinary && IsBinary(mediaType);

        protected override ValueTask<Stream?> OnStreamAsync(Stream stream, string mediaType) => call.Body.Index.Stream
            ? upstreams.BeginAsync(call, attempt, race, reply, stream)
            : upstreams.BeginBinaryAsync(call, attempt, race, reply, stream, mediaType);
    }
}
