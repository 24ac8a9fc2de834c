using System.Diagnostics;
using Gateway.Host.OpenAi;
using Gateway.Host.Responses;
using Gateway.Host.Settings;
using Gateway.Host.Telemetry;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Tokens;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Pipeline;

/// <content>Streams: the relay that responds, and the settlement before its last bytes leave.</content>
internal sealed partial class Reply
{
    private static ReadOnlySpan<byte> FinishedByLength =>
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"u8;

    /// <summary>The relay of an attempt's streamed answer; it responds and settles as YARP copies it.</summary>
    public SseRelay Relay(ModelCall call, CallAttempt attempt, Stream upstream)
    {
        if (call.Exchange.WantsAnswer || (GenAi.CapturesContent && attempt.Span is not null))
            upstream = attempt.Recording = new RecordingStream(upstream, StoredAnswer.MaxBodyBytes);
        return Relay(call, upstream, attempt.Candidate.Channel.IdleTimeout, attempt);
    }

    /// <summary>The head of a stream that the client is about to get.</summary>
    public static void BeginStream(ModelCall call)
    {
        var response = call.Http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
    }

    // attempt null: a kept answer.
    private SseRelay Relay(ModelCall call, Stream source, TimeSpan idleTimeout, CallAttempt? attempt)
    {
        var adapter = attempt?.Adapter;
        var options = new RelayOptions
        {
            Format = adapter?.Format ?? AnswerFormat.Chat,
            ClientWantsUsage = call.Body.Index.IncludeUsage || adapter?.Client is not null,
            HoldsLastChunk = call.IsWallet,
            Encoding = ModelEncoding.For(call.Hold!.Request.Facts.Model).Encoding,
            PingInterval = settings.PingInterval,
            IdleTimeout = idleTimeout,
            MaxTime = settings.MaxAnswerTime,
            MaxOutputTokens = call.Reply is null ? PaidOutput(call, Credits.Zero) : long.MaxValue,
            ExtendOutput = () => PaidOutputAsync(call),
            OnNextContent = attempt is null ? null : metrics.ChunksOf(call, attempt),
            MaxTranscriptBytes = call.Lease is null ? 0 : StoredAnswer.MaxBodyBytes,
        };
        return new SseRelay(source, options, () => call.ClientIsThere, relay => EndStreamAsync(call, relay), relay => LastBytesAsync(call, relay));
    }

    private async ValueTask<RelayTail> EndStreamAsync(ModelCall call, SseRelay relay)
    {
        NoteStream(call, relay);
        try
        {
            var error = await SettleStreamAsync(call, relay);
            if (relay.End == RelayEnd.Exhausted)
                return new RelayTail(default, default, (byte[])[.. relay.Format.UsageIsOptional ? FinishedByLength : [], .. ErrorEvent(call, GatewayError.CreditExhausted)]);
            if (error is not null)
                return new RelayTail(default, default, ErrorEvent(call, error));

            NoteOrigin(call, relay.AnswerId);
            return new RelayTail(AnswerMembers.StreamUsage(call, relay), AnswerMembers.Root(call, default), default);
        }
        catch (IOException)
        {
            return new RelayTail(default, default, ErrorEvent(call, GatewayError.SettlementFailed));
        }
    }

    // What the client is about to get is stored first, so that it can be fetched should the last bytes not arrive.
    private async ValueTask LastBytesAsync(ModelCall call, SseRelay relay)
    {
        if (relay.End == RelayEnd.Complete && call.Settled is { Outcome: not Outcome.Empty })
            await answers.StoreAsync(call, StatusCodes.Status200OK, Transcript(call, relay));
        else
            await answers.ReleaseAsync(call);
        if (call.ClientIsThere && call.Settled is not null)
            ledger.Delivering(call.Hold!);
    }

    private async ValueTask<GatewayError?> SettleStreamAsync(ModelCall call, SseRelay relay)
    {
        if (call.Reply is not null)
        {
            await SettleAsync(call, new Settlement(Outcome.Cached, default, CountedBy.None));
            return null;
        }

        if (relay.End == RelayEnd.Exhausted)
        {
            // Complete: unlike a part, it is charged beyond its hold, as far as the buckets have it.
            await SettleAsync(call, Partial(call, relay, Outcome.Complete));
            return GatewayError.CreditExhausted;
        }

        if (relay.End != RelayEnd.Complete)
        {
            var outcome = relay.HasContent ? Outcome.Interrupted : Outcome.Failed;
            await SettleAsync(call, outcome == Outcome.Failed ? new Settlement(outcome, default, CountedBy.None) : Partial(call, relay, outcome));
            if (relay.End == RelayEnd.TooLong)
                return GatewayError.TookTooLong;
            return relay.End == RelayEnd.Silent && !relay.HasContent ? GatewayError.UpstreamTimeout : GatewayError.StreamInterrupted;
        }

        var isEmpty = !relay.HasContent && !relay.HasFinishReason;
        if (call.Exchange.WantsAnswer && !isEmpty && call.Attempt?.Recording?.Recorded is { IsEmpty: false } recording)
            call.Ended = Ended(call, recording, new Usage(relay.Reported?.Input ?? call.Prompt.Tokens, 0, 0, relay.Reported?.Output ?? relay.ReceivedTokens(), 0));
        if (relay.Reported is { } reported && !IsDisputed(call, reported, relay.ReceivedTokens))
        {
            var finished = call.ClientIsThere ? Outcome.Complete : Outcome.ClientClosed;
            await SettleAsync(call, new Settlement(isEmpty ? Outcome.Empty : finished, Metering.Of(call, reported, relay.Images, relay.AudioMilliseconds), CountedBy.Upstream));
        }
        else
        {
            // Without a usable report everything that came is charged by our count; what follows [DONE] in the relay is nothing.
            await SettleAsync(call, Partial(call, relay, isEmpty ? Outcome.Empty : Outcome.Complete));
        }

        return null;
    }

    private static Settlement Partial(ModelCall call, SseRelay relay, Outcome outcome)
    {
        var reported = relay.Reported is { IsSound: true } tokens && call.Hold!.Request.Facts.DisputedUsage is null ? tokens : (UsageTokens?)null;
        var output = outcome == Outcome.Complete ? relay.ReceivedTokens() : relay.DeliveredTokens;
        var usage = Metering.SoFar(call, relay, reported, output);
        return new Settlement(outcome, usage, reported is null ? CountedBy.Gateway : CountedBy.UpstreamAndGateway);
    }

    // The output that the hold and the amount pay for, one choice after the other.
    private static long PaidOutput(ModelCall call, Credits more) =>
        call.Hold!.Request.Price.AffordableOutputTokens(
            call.Hold.Amount + more,
            new UsageBound(call.Prompt.Tokens, 0, Choices: 1, call.Measures.Images, call.Measures.AudioMilliseconds, call.Measures.Characters));

    private async ValueTask<long> PaidOutputAsync(ModelCall call)
    {
        var request = call.Hold!.Request;
        using var deadline = new CancellationTokenSource(SettleDeadline);
        var balance = await ledger.BalanceAsync(request.Account, deadline.Token);
        var available = new PaymentPlan(balance, time.GetUtcNow()).Available(request.Price, request.Facts.Provider, request.Facts.Model, request.PacksOnly);
        return PaidOutput(call, available);
    }

    private static void NoteStream(ModelCall call, SseRelay relay)
    {
        var facts = call.Hold!.Request.Facts;
        facts.ReportedModel = relay.ReportedModel;
        if (call.Reply is null)
            NoteAttempt(call, relay);
        if (relay.FirstContentAt != 0)
            facts.FirstTokenMs = Stopwatch.GetElapsedTime(call.StartedAt, relay.FirstContentAt).TotalMilliseconds;
    }

    private static void NoteAttempt(ModelCall call, SseRelay relay) =>
        call.Attempt!.Note(StatusCodes.Status200OK, relay.End switch
        {
            RelayEnd.Complete or RelayEnd.Running => null,
            RelayEnd.Silent => "timeout",
            RelayEnd.TooLong => "max_duration",
            RelayEnd.Exhausted => "credit_exhausted",
            RelayEnd.Error => "upstream_error",
            RelayEnd.Unreadable => "unreadable",
            _ => "broken",
        }, call.ClientIsThere);

    // A client behind a translation gets a chat error from the relay, which the translation turns into its own.
    private static byte[] ErrorEvent(ModelCall call, GatewayError error) =>
        ErrorWriter.Event(call.Http, error, call.Attempt?.Adapter.Client is null ? call.Kind : CallKind.Chat);

    // A retry gets what the client got: the relay's bytes, translated once more.
    private static ReadOnlyMemory<byte> Transcript(ModelCall call, SseRelay relay)
    {
        if (relay.Transcript.IsEmpty || call.Attempt?.Adapter.Client is not { } client)
            return relay.Transcript;

        using var translator = client.Translate(call.Attempt.Target);
        using var output = new PooledBuffer(relay.Transcript.Length * 2);
        if (!translator.TryTranslate(relay.Transcript.Span, output))
            return default;
        translator.Complete(output);
        return output.WrittenSpan.ToArray();
    }
}
