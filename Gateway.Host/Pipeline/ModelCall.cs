using System.Diagnostics;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Gateway.Transforms.Rules;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Tokens;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <summary>One call on its way through the pipeline: what each step found, for the steps after it.</summary>
internal sealed class ModelCall : IDisposable
{
    // A relay ends its stream itself, and says so; the net under it comes later. Then the longest that an upstream is read for a client who has gone.
    private static readonly TimeSpan DurationMargin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaxDrain = TimeSpan.FromSeconds(120);

    private readonly CancellationTokenRegistration _hangUp;
    private readonly Drains _drains;
    private readonly TimeSpan _maxDuration;
    private volatile bool _clientIsGone;
    private bool _isDraining;
    private long _attemptStartedAt;
    private double? _firstByteMs;
    private IReadOnlyList<string>? _tags;
    private RecordingStream? _recording;

    /// <param name="http">The request.</param>
    /// <param name="key">Who calls.</param>
    /// <param name="maxDuration">The longest answer.</param>
    /// <param name="drains">Bounds the streams that are read on without their client.</param>
    public ModelCall(HttpContext http, KeySnapshot key, TimeSpan maxDuration, Drains drains)
    {
        _maxDuration = maxDuration;
        _drains = drains;
        Http = http;
        Key = key;
        _hangUp = http.RequestAborted.UnsafeRegister(static state => ((ModelCall)state!).OnHangUp(), this);
    }

    public HttpContext Http { get; }

    public KeySnapshot Key { get; }

    public RequestBody Body { get; } = new();

    public OutgoingBody Outgoing { get; } = new();

    /// <summary>When the call came in (<see cref="Stopwatch"/> ticks).</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>The labels of the key and of the request.</summary>
    public IReadOnlyList<string> Tags => _tags ??= CallFactsOf.Tags(Key.Tags, Http.Request.Headers["X-Gateway-Tag"].ToString());

    /// <summary>The request as the rules see it; set by step 3, before which nothing reads it.</summary>
    public Exchange Exchange { get; set; } = null!;

    /// <summary>The rules that match; set with <see cref="Exchange"/>.</summary>
    public RuleChain Rules { get; set; } = null!;

    /// <summary>A rule's own answer: no upstream is called.</summary>
    public StoredReply? Reply { get; set; }

    /// <summary>The relay of a kept stream.</summary>
    public SseRelay? Kept { get; set; }

    /// <summary>The answer that came to its end, for the rules; <c>null</c>: none did.</summary>
    public ExchangeAnswer? Ended { get; set; }

    /// <summary>Where the call goes, in order: the requested model first, then its fallbacks.</summary>
    public IReadOnlyList<Leg> Legs { get; set; } = [];

    /// <summary>The call was refused after it was admitted.</summary>
    public bool IsRejected { get; set; }

    /// <summary>Our count of the prompt, overheads included; not the reserve.</summary>
    public PromptTokens Prompt { get; set; }

    /// <summary>The limits of the member who owns the key; <c>null</c>: nobody's key.</summary>
    public MemberLimits? Member { get; set; }

    /// <summary>The live hold, once there is one.</summary>
    public Hold? Hold { get; set; }

    /// <summary>The right to the call's <c>Idempotency-Key</c>, until its answer is stored or it is released; <c>null</c>: it has none.</summary>
    public CallLease? Lease { get; set; }

    /// <summary>The answer of an earlier call that this one repeats.</summary>
    public StoredAnswer? Stored { get; set; }

    /// <summary>The settlement, once there is one.</summary>
    public Settled? Settled { get; set; }

    /// <summary>The output limit that goes upstream because the balance affords no more.</summary>
    public long? CappedTokens { get; set; }

    /// <summary>The output limit that goes upstream; <c>null</c>: the client's own is not above what rules and balance allow.</summary>
    public long? OutputLimit
    {
        get
        {
            var limit = Math.Min(CappedTokens ?? long.MaxValue, Exchange.OutputCap ?? long.MaxValue);
            var isLower = Body.Index is { MaxTokens: null, MaxCompletionTokens: null } || Body.Index.MaxTokens > limit || Body.Index.MaxCompletionTokens > limit;
            return limit < long.MaxValue && isLower ? limit : null;
        }
    }

    /// <summary>The channel of the running or last attempt.</summary>
    public Candidate? Candidate { get; private set; }

    /// <summary>The running or last attempt.</summary>
    public ForwardAttempt? Attempt { get; set; }

    /// <summary>Ends the attempt: by a time-out, or because the client of a stream has gone.</summary>
    public CancellationTokenSource Abort { get; private set; } = new();

    /// <summary>The head of an upstream's answer has arrived: from now on hanging up is not free.</summary>
    public bool UpstreamAnswered { get; private set; }

    /// <summary>Whether the end of a plain answer was written to an open connection.</summary>
    public bool PlainIsDelivered { get; set; }

    /// <summary>Whether the end of the answer is known to have left.</summary>
    public bool IsDelivered => (Attempt?.Relay ?? Kept)?.IsDelivered ?? PlainIsDelivered;

    /// <summary>Whether the client's connection is open.</summary>
    public bool ClientIsThere => !_clientIsGone;

    /// <summary>Whether this is the Token Wallet dialect.</summary>
    public bool IsWallet => Body.Index.ProviderIsString;

    /// <summary>Milliseconds since the call came in.</summary>
    public double ElapsedMs => Stopwatch.GetElapsedTime(StartedAt).TotalMilliseconds;

    /// <summary>What has been delivered so far, counted by the gateway: what a crash would charge.</summary>
    public Usage DeliveredSoFar => Attempt?.Relay is { } relay && UpstreamAnswered
        ? new Usage(relay.Reported?.Input ?? Prompt.Tokens, 0, 0, relay.DeliveredTokens, 0)
        : default;

    /// <summary>The upstream's stream, recorded if a rule wants to see it.</summary>
    public Stream Recorded(Stream upstream)
    {
        if (!Exchange.WantsAnswer)
            return upstream;

        _recording?.Release();
        return _recording = new RecordingStream(upstream, StoredAnswer.MaxBodyBytes);
    }

    /// <summary>What <see cref="Recorded"/> recorded; empty: nothing, or too much.</summary>
    public ReadOnlyMemory<byte> Recording => _recording?.Recorded ?? default;

    /// <summary>Notes on the receipt that a fallback is not tried.</summary>
    public void Skip(FallbackModel fallback, string reason) => Exchange.Kept<FallbackChainEffect>()?.Skip(fallback, reason);

    /// <summary>A new attempt begins: it is on the receipt from now on, with what is known of it.</summary>
    public void BeginAttempt(Candidate candidate, TimeSpan firstByteTimeout)
    {
        if (Abort.IsCancellationRequested && ClientIsThere)
        {
            Abort.Dispose();
            Abort = new CancellationTokenSource();
        }

        Candidate = candidate;
        _attemptStartedAt = Stopwatch.GetTimestamp();
        _firstByteMs = null;
        var facts = Hold!.Request.Facts;
        facts.Channel = candidate.Channel.Id;
        facts.UpstreamModel = candidate.UpstreamModel;
        facts.Attempts.Add(new Attempt { N = facts.Attempts.Count + 1, Channel = candidate.Channel.Id, UpstreamModel = candidate.UpstreamModel });
        Abort.CancelAfter(firstByteTimeout);
    }

    /// <summary>The head of the answer has come: hanging up is not free any more, and the time-out to the first byte is over.</summary>
    public void NoteHead()
    {
        UpstreamAnswered = true;
        _firstByteMs = Stopwatch.GetElapsedTime(_attemptStartedAt).TotalMilliseconds;
        if (ClientIsThere)
            Abort.CancelAfter(_maxDuration + DurationMargin);
    }

    /// <summary>Writes the running attempt's end on the receipt.</summary>
    public void NoteAttempt(int? status, string? error)
    {
        var attempts = Hold!.Request.Facts.Attempts;
        attempts[^1] = attempts[^1] with
        {
            Status = status,
            Error = error,
            LatencyMs = Stopwatch.GetElapsedTime(_attemptStartedAt).TotalMilliseconds,
            FirstByteMs = _firstByteMs,
            Charged = error is null,
            UpstreamMaybeCharged = error is "timeout" || (error is not null && !ClientIsThere),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hangUp.Dispose();
        Attempt?.Relay?.Release();
        Kept?.Release();
        Attempt?.Answer?.Dispose();
        _recording?.Release();
        Exchange?.Dispose();
        Body.Dispose();
        Outgoing.Dispose();
        Abort.Dispose();
        if (_isDraining)
            _drains.Leave();
    }

    // A plain call is read to its end, and so is a stream of a channel that bills a cancelled call anyway: both are bounded in time.
    private void OnHangUp()
    {
        _clientIsGone = true;
        try
        {
            _isDraining = Body.Index.Stream && Candidate?.Channel.OnDisconnect == OnDisconnect.Drain && _drains.TryEnter();
            if (!Body.Index.Stream || _isDraining)
                Abort.CancelAfter(MaxDrain);
            else
                Abort.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended at the same moment.
        }
    }
}
