using System.Diagnostics;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Transforms.Tokens;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <summary>One call on its way through the pipeline: what each step found, for the steps after it.</summary>
internal sealed class ChatCall : IDisposable
{
    private readonly CancellationTokenRegistration _hangUp;
    private volatile bool _clientIsGone;

    public ChatCall(HttpContext http, KeySnapshot key)
    {
        Http = http;
        Key = key;
        _hangUp = http.RequestAborted.UnsafeRegister(static state => ((ChatCall)state!).OnHangUp(), this);
    }

    public HttpContext Http { get; }

    public KeySnapshot Key { get; }

    public RequestBody Body { get; } = new();

    public OutgoingBody Outgoing { get; } = new();

    /// <summary>When the call came in (<see cref="Stopwatch"/> ticks).</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>What the client asked for, resolved: the channels in order.</summary>
    public IReadOnlyList<Candidate> Candidates { get; set; } = [];

    /// <summary>Our count of the prompt, overheads included; not the reserve.</summary>
    public PromptTokens Prompt { get; set; }

    /// <summary>The live hold, once there is one.</summary>
    public Hold? Hold { get; set; }

    /// <summary>The settlement, once there is one.</summary>
    public Settled? Settled { get; set; }

    /// <summary>The output limit that goes upstream because the balance affords no more.</summary>
    public long? CappedTokens { get; set; }

    /// <summary>The channel of the running or last attempt.</summary>
    public Candidate? Candidate { get; set; }

    /// <summary>The running or last attempt.</summary>
    public ForwardAttempt? Attempt { get; set; }

    /// <summary>Ends the attempt: by a time-out, or because the client of a stream has gone.</summary>
    public CancellationTokenSource Abort { get; } = new();

    /// <summary>The head of an upstream's answer has arrived: from now on hanging up is not free.</summary>
    public bool UpstreamAnswered { get; set; }

    /// <summary>Whether the end of a plain answer was written to an open connection.</summary>
    public bool PlainIsDelivered { get; set; }

    /// <summary>Whether the end of the answer is known to have left.</summary>
    public bool IsDelivered => Attempt?.Relay?.IsDelivered ?? PlainIsDelivered;

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

    /// <inheritdoc/>
    public void Dispose()
    {
        _hangUp.Dispose();
        Attempt?.Relay?.Release();
        Attempt?.Answer?.Dispose();
        Body.Dispose();
        Outgoing.Dispose();
        Abort.Dispose();
    }

    // A plain call is read to its end, and so is a stream of a channel that bills a cancelled call anyway: both are bounded in time.
    private void OnHangUp()
    {
        _clientIsGone = true;
        try
        {
            if (!Body.Index.Stream || Candidate?.Channel.OnDisconnect == OnDisconnect.Drain)
                Abort.CancelAfter(TimeSpan.FromSeconds(120));
            else
                Abort.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended at the same moment.
        }
    }
}
