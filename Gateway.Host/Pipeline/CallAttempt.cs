using System.Diagnostics;
using Gateway.Host.Catalogue;
using Gateway.Host.Routing;
using Gateway.Ledger;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <summary>One try at one channel: what was sent, what came back, and its line on the receipt.</summary>
internal sealed class CallAttempt : IDisposable
{
    private readonly List<Attempt> _onReceipt;
    private readonly int _line;
    private readonly ModelCall _call;
    private double? _firstByteMs;

    /// <summary>Begins: it is on the receipt from now on, with what is known of it.</summary>
    /// <param name="call">The call; hears when the head of the answer has arrived.</param>
    /// <param name="turn">Where it goes.</param>
    /// <param name="adapter">What is translated on the way.</param>
    /// <param name="onReceipt">The receipt's attempts; one more is added.</param>
    public CallAttempt(ModelCall call, Turn turn, Adapter adapter, List<Attempt> onReceipt)
    {
        _call = call;
        Candidate = turn.Candidate;
        Leave = turn.Leave;
        Adapter = adapter;
        _onReceipt = onReceipt;
        lock (onReceipt)
        {
            _line = onReceipt.Count;
            onReceipt.Add(new Attempt { N = _line + 1, Channel = Candidate.Channel.Id, UpstreamModel = Candidate.UpstreamModel });
        }
    }

    public Candidate Candidate { get; }

    /// <summary>When it was begun (<see cref="Stopwatch"/> ticks).</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>When its end was noted (<see cref="Stopwatch"/> ticks); 0: not yet.</summary>
    public long EndedAt { get; private set; }

    /// <summary>When the first content came (<see cref="Stopwatch"/> ticks); 0: none, or it came whole.</summary>
    public long FirstContentAt => Relay?.FirstContentAt ?? Binary?.FirstByteAt ?? 0;

    /// <summary>Its span; <c>null</c>: the call is not recorded.</summary>
    public Activity? Span { get; set; }

    /// <summary>Its line on the receipt.</summary>
    public Attempt Line => _onReceipt[_line];

    /// <summary>What the channel's health gave when it was begun.</summary>
    public Leave Leave { get; }

    public Adapter Adapter { get; }

    /// <summary>Counts from 1.</summary>
    public int Number => _line + 1;

    /// <summary>Its body, made from the client's.</summary>
    public OutgoingBody Outgoing { get; } = new();

    /// <summary>What a translation is told.</summary>
    public TranslationTarget Target { get; set; }

    /// <summary>The whole answer in the form in which the gateway reads it, where that is not the upstream's.</summary>
    public PooledBuffer? Translated { get; set; }

    /// <summary>Ends it: by a time-out, because the client of a stream has gone, or because another attempt was faster.</summary>
    public CancellationTokenSource Abort { get; } = new();

    /// <summary>What YARP was given; set when it is sent.</summary>
    public ForwardAttempt? Forward { get; set; }

    /// <summary>The whole answer; <c>null</c>: it is streamed, or none came.</summary>
    public UpstreamAnswer? Answer => Forward?.Answer;

    /// <summary>The relay of a streamed answer; <c>null</c>: none, or one that failed before it said anything.</summary>
    public SseRelay? Relay { get; set; }

    /// <summary>The relay of an answer that is neither JSON nor events; <c>null</c>: none.</summary>
    public BinaryRelay? Binary { get; set; }

    /// <summary>A whole answer that was read and may be shown; <c>null</c>: none.</summary>
    public AnswerReader? Reader { get; set; }

    /// <summary>The upstream's stream as it came, if a rule wants to see it.</summary>
    public RecordingStream? Recording { get; set; }

    // What was said before an answer broke off is charged.
    private bool HasSpoken => Relay?.HasContent ?? Binary?.DeliveredBytes > 0;

    /// <summary>Why a stream failed before it said anything; <c>null</c>: it did not.</summary>
    public RelayEnd? FailedStream { get; set; }

    /// <summary>What came of it was told to the channel's health.</summary>
    public bool IsReported { get; set; }

    /// <summary>Another attempt was faster: nothing is written on the receipt any more.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The head of the answer has come: hanging up is not free any more.</summary>
    public void NoteHead()
    {
        _firstByteMs = Stopwatch.GetElapsedTime(StartedAt).TotalMilliseconds;
        _call.NoteHead(this);
    }

    /// <summary>Writes its end on the receipt.</summary>
    /// <param name="status">The upstream's; <c>null</c>: none came.</param>
    /// <param name="error">What went wrong; <c>null</c>: nothing, and it is the one that is charged.</param>
    /// <param name="clientIsThere">What a client hangs up on, the provider may have charged.</param>
    public void Note(int? status, string? error, bool clientIsThere)
    {
        lock (_onReceipt)
        {
            if (IsLost)
                return;

            EndedAt = Stopwatch.GetTimestamp();
            _onReceipt[_line] = _onReceipt[_line] with
            {
                Status = status,
                Error = error,
                LatencyMs = Stopwatch.GetElapsedTime(StartedAt, EndedAt).TotalMilliseconds,
                FirstByteMs = _firstByteMs,
                Charged = error is null || HasSpoken,
                UpstreamMaybeCharged = error is "timeout" or "hedged" || (error is not null && !clientIsThere),
            };
        }
    }

    /// <summary>Ends it because another was faster. What it cost is the house's.</summary>
    public void Lose()
    {
        Note(status: null, "hedged", clientIsThere: true);
        IsLost = true;
        Abort.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Span?.Dispose();
        Relay?.Release();
        Binary?.Release();
        Recording?.Release();
        Answer?.Dispose();
        Translated?.Dispose();
        Outgoing.Dispose();
        Abort.Dispose();
    }
}
