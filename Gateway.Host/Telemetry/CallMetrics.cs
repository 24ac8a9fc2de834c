using System.Diagnostics;
using System.Diagnostics.Metrics;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Gateway.Transforms.Rules;

namespace Gateway.Host.Telemetry;

/// <summary>What is counted and timed of each call, once, when it is over.</summary>
/// <remarks>Labels are bounded: models and channels are those of the catalogue, never a client's text, and statuses, codes and outcomes are closed lists.</remarks>
internal sealed class CallMetrics
{
    // Boundaries as the conventions give them (docs/gen-ai/gen-ai-metrics.md).
    private static readonly double[] Durations = [.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly double[] FirstTokens = [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] PerToken = [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5];
    private static readonly double[] Overheads = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5];
    private static readonly int[] Tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    private readonly Counter<long> _requests;
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _overhead;
    private readonly Counter<double> _cost;
    private readonly Counter<long> _fallbacks;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _cacheRequests;
    private readonly Counter<long> _compressSaved;
    private readonly Histogram<double> _clientDuration;
    private readonly Histogram<int> _clientTokens;
    private readonly Histogram<double> _clientFirstChunk;
    private readonly Histogram<double> _clientPerChunk;
    private readonly Histogram<double> _serverDuration;
    private readonly Histogram<double> _serverFirstToken;
    private readonly Histogram<double> _serverPerToken;

    public CallMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Gateway);
        _requests = meter.CreateCounter<long>(TelemetryNames.Requests, "{request}", "Calls of models, however they ended.");
        _active = meter.CreateUpDownCounter<long>(TelemetryNames.ActiveRequests, "{request}", "Calls of models in flight.");
        _overhead = Seconds(meter, TelemetryNames.Overhead, "What a call took beside its upstream's time.", Overheads);
        _cost = meter.CreateCounter<double>(TelemetryNames.Costs, "{credit}", "Credits that were charged.");
        _fallbacks = meter.CreateCounter<long>(TelemetryNames.Fallbacks, "{call}", "Calls that another channel than the first answered.");
        _refusals = meter.CreateCounter<long>(TelemetryNames.Refusals, "{request}", "Calls that were refused, by the code of the error.");
        _cacheRequests = meter.CreateCounter<long>(TelemetryNames.CacheRequests, "{request}", "Calls by what the answer cache said.");
        _compressSaved = meter.CreateCounter<long>(TelemetryNames.CompressSaved, "{token}", "Prompt tokens that compression took out.");
        _clientDuration = Seconds(meter, TelemetryNames.ClientDuration, "Attempts at upstreams.", Durations);
        _clientTokens = meter.CreateHistogram(TelemetryNames.ClientTokens, "{token}", "Tokens of calls.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = Tokens });
        _clientFirstChunk = Seconds(meter, TelemetryNames.ClientFirstChunk, "From sending to the first content of an upstream's stream.", Durations);
        _clientPerChunk = Seconds(meter, TelemetryNames.ClientPerChunk, "Between the chunks of an upstream's stream.", Durations);
        _serverDuration = Seconds(meter, TelemetryNames.ServerDuration, "Calls as their clients see them.", Durations);
        _serverFirstToken = Seconds(meter, TelemetryNames.ServerFirstToken, "From a call's arrival to its first content, streams only.", FirstTokens);
        _serverPerToken = Seconds(meter, TelemetryNames.ServerPerToken, "Per output token after the first, streams only.", PerToken);
    }

    /// <summary>A call has come in.</summary>
    public void Begin() => _active.Add(1);

    /// <summary>A call was refused before anything of it was read.</summary>
    public void Refused(CallKind kind, GatewayError error)
    {
        _active.Add(-1);
        CountRequest(kind, error.Status, "refused");
        CountRefusal(error);
    }

    /// <summary>A call is over.</summary>
    /// <param name="call">The call.</param>
    /// <param name="error">What its client was told; <c>null</c>: it got an answer.</param>
    public void End(ModelCall call, GatewayError? error)
    {
        _active.Add(-1);
        var outcome = call.Settled is { } settled ? LedgerNames.Of(settled.Outcome) : call.Stored is not null ? "replayed" : "refused";
        CountRequest(call.Kind, call.Http.Response.StatusCode, outcome);
        if (error is not null && call.Attempts.Count == 0)
            CountRefusal(error);
        if (call.Hold is { } hold)
            EndHeld(call, hold, error);
    }

    /// <summary>Hears of each chunk behind the first, in seconds since the one before; <c>null</c>: nobody asks.</summary>
    public Action<double>? ChunksOf(ModelCall call, CallAttempt attempt)
    {
        if (!_clientPerChunk.Enabled)
            return null;

        var tags = TagsOf(call, attempt);
        return seconds => _clientPerChunk.Record(seconds, tags);
    }

    // The labels of an attempt.
    private static TagList TagsOf(ModelCall call, CallAttempt attempt) => new()
    {
        { TelemetryNames.Operation, GenAi.OperationOf(call.Kind) },
        { TelemetryNames.Provider, GenAi.ProviderOf(attempt.Candidate.Channel.Preset.Name, attempt.Candidate.Channel.Provider) },
        { TelemetryNames.RequestModel, attempt.Candidate.UpstreamModel },
    };

    private void EndHeld(ModelCall call, Hold hold, GatewayError? error)
    {
        var facts = hold.Request.Facts;
        var elapsed = Stopwatch.GetElapsedTime(call.StartedAt);
        var upstream = 0.0;
        foreach (var attempt in call.Attempts)
        {
            EndAttempt(call, attempt);
            upstream += attempt.Line.LatencyMs;
        }

        _overhead.Record(Math.Max(0, elapsed.TotalSeconds - upstream / 1000), new KeyValuePair<string, object?>(TelemetryNames.Kind, call.Kind.Name));
        EndServer(call, facts, elapsed, error);
        if (facts.Attempts.Count > 1 && !string.Equals(facts.Channel, facts.PrimaryChannel, StringComparison.Ordinal))
            _fallbacks.Add(1);
        if (call.Settled is { Cost: var cost } && cost > Credits.Zero)
            _cost.Add((double)cost.ToDecimal(), Of(TelemetryNames.Provider, facts.Provider), Of(TelemetryNames.RequestModel, facts.Model), Of(TelemetryNames.RouteType, LedgerNames.Of(facts.RouteType)));
        if (call.Exchange.CacheStatus is not "bypass" || call.Reply is not null)
            _cacheRequests.Add(1, Of(TelemetryNames.CacheStatus, call.Reply?.Status ?? call.Exchange.CacheStatus));
        foreach (var effect in call.Rules.Effects)
        {
            if (effect.Effect is CompressEffect { TokensSaved: > 0 } compress)
                _compressSaved.Add(compress.TokensSaved, Of(TelemetryNames.CompressStrength, Detectors.Name(compress.Strength)));
        }
    }

    private void EndAttempt(ModelCall call, CallAttempt attempt)
    {
        var line = attempt.Line;
        var tags = TagsOf(call, attempt);
        if (line is { Charged: true } && ReferenceEquals(call.Attempt, attempt) && call.Settlement is { } settlement)
        {
            var withType = tags;
            withType.Add(TelemetryNames.TokenType, "input");
            _clientTokens.Record(Clamped(settlement.Usage.InputTokens), withType);
            if (call.Kind.HasOutputTokens)
            {
                withType = tags;
                withType.Add(TelemetryNames.TokenType, "output");
                _clientTokens.Record(Clamped(settlement.Usage.OutputTokens), withType);
            }
        }

        if (call.Body.Index.Stream && attempt.FirstContentAt is var first and > 0)
            _clientFirstChunk.Record(Stopwatch.GetElapsedTime(attempt.StartedAt, first).TotalSeconds, tags);
        if (line.Error is { } error)
            tags.Add(TelemetryNames.ErrorType, error);
        _clientDuration.Record(line.LatencyMs / 1000, tags);
    }

    private void EndServer(ModelCall call, CallFacts facts, TimeSpan elapsed, GatewayError? error)
    {
        var tags = new TagList
        {
            { TelemetryNames.Operation, GenAi.OperationOf(call.Kind) },
            { TelemetryNames.Provider, facts.Provider },
            { TelemetryNames.RequestModel, facts.Model },
        };
        if (call.Body.Index.Stream && facts.FirstTokenMs is { } firstTokenMs)
        {
            _serverFirstToken.Record(firstTokenMs / 1000, tags);
            if (call.Settlement is { Usage.OutputTokens: > 1 and var output })
                _serverPerToken.Record((elapsed.TotalSeconds - firstTokenMs / 1000) / (output - 1), tags);
        }

        if (error is { Code: { } code })
            tags.Add(TelemetryNames.ErrorType, code);
        _serverDuration.Record(elapsed.TotalSeconds, tags);
    }

    private void CountRequest(CallKind kind, int status, string outcome) =>
        _requests.Add(1, Of(TelemetryNames.Kind, kind.Name), Of(TelemetryNames.HttpStatus, StatusOf(status)), Of(TelemetryNames.Outcome, outcome));

    private void CountRefusal(GatewayError error) => _refusals.Add(1, Of(TelemetryNames.ErrorCode, CodeOf(error)));

    // invalid_{field} names a field of the client's: one label for all of them.
    private static string CodeOf(GatewayError error) => error.Code switch
    {
        null => "none",
        var code when code.StartsWith("invalid_", StringComparison.Ordinal) && error.Status == StatusCodes.Status400BadRequest => "invalid_request",
        var code => code,
    };

    private static object StatusOf(int status) => status switch
    {
        StatusCodes.Status200OK => BoxedOk,
        _ => status,
    };

    private static readonly object BoxedOk = StatusCodes.Status200OK;

    private static int Clamped(long tokens) => (int)Math.Min(tokens, int.MaxValue);

    private static KeyValuePair<string, object?> Of(string name, object? value) => new(name, value);

    private static Histogram<double> Seconds(Meter meter, string name, string description, double[] boundaries) =>
        meter.CreateHistogram(name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
