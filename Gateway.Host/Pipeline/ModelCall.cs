using System.Diagnostics;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Telemetry;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Rules;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Tokens;

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
    private readonly List<CallAttempt> _attempts = new(1);
    private bool _isDraining;
    private CallTimes _times;
    private string? _receiptId;
    private readonly RequestSpan? _span;
    private IReadOnlyList<string>? _tags;

    /// <param name="http">The request.</param>
    /// <param name="kind">By which API it came.</param>
    /// <param name="key">Who calls.</param>
    /// <param name="maxDuration">The longest answer.</param>
    /// <param name="drains">Bounds the streams that are read on without their client.</param>
    public ModelCall(HttpContext http, CallKind kind, KeySnapshot key, TimeSpan maxDuration, Drains drains)
    {
        Kind = kind;
        Body = new RequestBody(kind);
        _maxDuration = maxDuration;
        _drains = drains;
        Http = http;
        Key = key;
        _span = RequestTracing.SpanOf(http);
        _hangUp = http.RequestAborted.UnsafeRegister(static state => ((ModelCall)state!).OnHangUp(), this);
    }

    public HttpContext Http { get; }

    /// <summary>By which API it came.</summary>
    public CallKind Kind { get; }

    public KeySnapshot Key { get; }

    public RequestBody Body { get; }

    /// <summary>When the call came in (<see cref="Stopwatch"/> ticks).</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>The server span of the request, recorded or only passed on; <c>null</c>: nobody traces.</summary>
    public Activity? Span => _span?.Activity;

    /// <summary>A moment (<see cref="Stopwatch"/> ticks) on the clock of <see cref="Span"/>; only where there is one.</summary>
    public DateTimeOffset OnSpan(long timestamp) => _span!.At(timestamp); // not null: see above

    /// <summary>When its steps began and ended.</summary>
    public ref CallTimes Times => ref _times;

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

    /// <summary>What it asks for beside tokens.</summary>
    public CallMeasures Measures { get; set; }

    /// <summary>The limits of the member who owns the key; <c>null</c>: nobody's key.</summary>
    public MemberLimits? Member { get; set; }

    /// <summary>The live hold, once there is one.</summary>
    public Hold? Hold { get; set; }

    /// <summary>The receipt's id as text; only behind the hold.</summary>
    public string ReceiptId => _receiptId ??= Hold!.ReceiptId.ToString(); // not null: see above

    /// <summary>The right to the call's <c>Idempotency-Key</c>, until its answer is stored or it is released; <c>null</c>: it has none.</summary>
    public CallLease? Lease { get; set; }

    /// <summary>The answer of an earlier call that this one repeats.</summary>
    public StoredAnswer? Stored { get; set; }

    /// <summary>What the ledger was told that the call used; <c>null</c>: nothing yet.</summary>
    public Settlement? Settlement { get; set; }

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
            return limit < long.MaxValue && Body.Index.HasOutputLimit && !(Body.Index.OutputLimit <= limit) ? limit : null;
        }
    }

    /// <summary>Every attempt so far.</summary>
    public List<CallAttempt> Attempts => _attempts;

    /// <summary>The attempt whose answer the client gets, or the last one.</summary>
    public CallAttempt? Attempt { get; set; }

    /// <summary>Its channel.</summary>
    public Candidate? Candidate => Attempt?.Candidate;

    /// <summary>The head of an upstream's answer has arrived: from now on hanging up is not free.</summary>
    public bool UpstreamAnswered { get; private set; }

    /// <summary>Whether the end of a plain answer was written to an open connection.</summary>
    public bool PlainIsDelivered { get; set; }

    /// <summary>Whether the end of the answer is known to have left.</summary>
    public bool IsDelivered => (Attempt?.Relay ?? Kept)?.IsDelivered ?? Attempt?.Binary?.IsDelivered ?? PlainIsDelivered;

    /// <summary>Whether the answer is neither JSON nor events: sound, or a transcription as text.</summary>
    public bool IsBinary => Metering.IsBinary(Body.Index);

    /// <summary>Whether the client's connection is open.</summary>
    public bool ClientIsThere => !_clientIsGone;

    /// <summary>Whether this is the Token Wallet dialect.</summary>
    public bool IsWallet => Body.Index.ProviderIsString;

    /// <summary>Milliseconds since the call came in.</summary>
    public double ElapsedMs => Stopwatch.GetElapsedTime(StartedAt).TotalMilliseconds;

    /// <summary>What has been delivered so far, counted by the gateway: what a crash would charge.</summary>
    public Usage DeliveredSoFar => Attempt?.Relay is { } relay && UpstreamAnswered
        ? Metering.SoFar(this, relay, relay.Reported is { IsSound: true } reported ? reported with { CachedInput = 0, CacheWrite = 0 } : null, relay.DeliveredTokens)
        : default;

    /// <summary>Notes on the receipt that a fallback is not tried.</summary>
    public void Skip(FallbackModel fallback, string reason) => Exchange.Kept<FallbackChainEffect>()?.Skip(fallback, reason);

    /// <summary>A new attempt begins.</summary>
    public CallAttempt BeginAttempt(Turn turn, Adapter adapter, TimeSpan firstByteTimeout)
    {
        var candidate = turn.Candidate;
        var facts = Hold!.Request.Facts;
        facts.Channel = candidate.Channel.Id;
        facts.UpstreamModel = candidate.UpstreamModel;
        var attempt = new CallAttempt(this, turn, adapter, facts.Attempts);
        attempt.Span = CallSpans.BeginAttempt(this, attempt);
        attempt.Abort.CancelAfter(firstByteTimeout);
        lock (_attempts)
            _attempts.Add(attempt);
        if (_clientIsGone)
            EndWithoutClient(attempt);
        Attempt = attempt;
        return attempt;
    }

    /// <summary>This attempt's answer is the client's: the receipt names its channel.</summary>
    public void Choose(CallAttempt attempt)
    {
        Attempt = attempt;
        var facts = Hold!.Request.Facts;
        facts.Channel = attempt.Candidate.Channel.Id;
        facts.UpstreamModel = attempt.Candidate.UpstreamModel;
    }

    /// <summary>The head of an answer has come: the time-out to the first byte is over.</summary>
    public void NoteHead(CallAttempt attempt)
    {
        UpstreamAnswered = true;
        if (ClientIsThere && !attempt.Abort.IsCancellationRequested)
            attempt.Abort.CancelAfter(_maxDuration + DurationMargin);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hangUp.Dispose();
        foreach (var attempt in _attempts)
            attempt.Dispose();
        Kept?.Release();
        Exchange?.Dispose();
        Body.Dispose();
        if (_isDraining)
            _drains.Leave();
    }

    private void OnHangUp()
    {
        _clientIsGone = true;
        CallAttempt[] running;
        lock (_attempts)
            running = [.. _attempts];
        foreach (var attempt in running)
            EndWithoutClient(attempt);
    }

    // A plain call is read to its end, and so is a stream of a channel that bills a cancelled call anyway: both are bounded in time.
    private void EndWithoutClient(CallAttempt attempt)
    {
        try
        {
            var drains = Body.Index.Stream && attempt.Candidate.Channel.OnDisconnect == OnDisconnect.Drain && (_isDraining || _drains.TryEnter());
            _isDraining |= drains;
            if (!Body.Index.Stream || drains)
                attempt.Abort.CancelAfter(MaxDrain);
            else
                attempt.Abort.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended at the same moment.
        }
    }
}
