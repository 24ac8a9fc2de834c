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

/// <summary>Steps 7 and 8: reads what an answer used, settles, and lets the last bytes leave.</summary>
/// <remarks>The order is the promise: settle (durable), DELIVERING, then the end of the answer. A settlement never waits for the client, so it has no token of the client's.</remarks>
internal sealed partial class Reply(ILedger ledger, StoredAnswers answers, ResponseOrigins origins, SpendRatios ratios, CallMetrics metrics, GatewaySettings settings, TimeProvider time, ILogger<Reply> log)
{
    private static readonly TimeSpan SettleDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Reads a 200 that is not streamed; <c>false</c>: it is no answer to this call, and another channel may have one.</summary>
    public static bool TryRead(ModelCall call, CallAttempt attempt)
    {
        if (call.Body.Index.Stream)
            return false;

        var body = attempt.Answer!.Body; // not null: a 200 came
        if (attempt.Adapter.Upstream is { } translation)
        {
            attempt.Translated = new PooledBuffer(body.Length + 512);
            if (!translation.TryWriteAnswer(body.Span, attempt.Target, attempt.Translated))
                return false;
            body = attempt.Translated.WrittenMemory;
        }

        var reader = new AnswerReader(attempt.Adapter.Format);
        if (!reader.TryRead(body) || reader.HasError)
            return false;

        attempt.Reader = reader;
        return true;
    }

    /// <summary>Answers a plain call with what the upstream said; the error if that cannot be shown.</summary>
    public async ValueTask<GatewayError?> AnswerPlainAsync(ModelCall call)
    {
        var attempt = call.Attempt!; // not null: there is an answer
        if (attempt.Reader is not { } reader)
            return await PassThroughAsync(call);

        var facts = call.Hold!.Request.Facts;
        facts.ReportedModel = reader.ReportedModel;
        facts.FirstTokenMs = null;
        var (usage, countedBy) = UsageOf(call, reader);
        var outcome = reader switch
        {
            { HasOutput: false, HasFinishReason: false } or { FinishedWithError: true } => Outcome.Empty,
            _ when !call.ClientIsThere => Outcome.ClientClosed,
            _ => Outcome.Complete,
        };
        await SettleAsync(call, new Settlement(outcome, usage, countedBy));
        NoteOrigin(call, reader.AnswerId);

        using var body = new PooledBuffer(reader.Body.Length + 512);
        AnswerSplice.Write(reader, AnswerMembers.Usage(call, usage, reader.HasUsage), AnswerMembers.Root(call, reader.FirstContent.Of(reader.Body.Span)), body);
        CallHeaders.Settled(call);
        if (call.Exchange.WantsAnswer && outcome != Outcome.Empty)
            call.Ended = Ended(call, reader.Body, usage);
        if (attempt.Adapter.Client is not { } client)
        {
            await WritePlainAsync(call, body);
            return null;
        }

        using var translated = new PooledBuffer(body.Length + 512);
        if (!client.TryWriteAnswer(body.WrittenSpan, attempt.Target, translated))
            throw new UnreachableException("An answer that was read has a form in every client's API.");
        await WritePlainAsync(call, translated);
        return null;
    }

    // What the client is about to get is stored first, so that it can be fetched should the last bytes not arrive.
    private async ValueTask WritePlainAsync(ModelCall call, PooledBuffer body)
    {
        var response = call.Http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (call.Settled!.Outcome == Outcome.Empty)
            await answers.ReleaseAsync(call);
        else
            await answers.StoreAsync(call, StatusCodes.Status200OK, body.WrittenMemory);
        if (!call.ClientIsThere)
            return;

        ledger.Delivering(call.Hold!);
        await response.Body.WriteAsync(body.WrittenMemory, CancellationToken.None);
        call.PlainIsDelivered = call.ClientIsThere;
    }

    private static ExchangeAnswer Ended(ModelCall call, ReadOnlyMemory<byte> body, in Usage usage) => new()
    {
        Streamed = call.Body.Index.Stream,
        Body = body,
        IsComplete = true,
        InputTokens = usage.InputTokens,
        OutputTokens = usage.OutputTokens,
        UpstreamModel = call.Candidate!.UpstreamModel,
    };

    /// <summary>Settles a call that nothing has settled: the client hung up, or no attempt answered.</summary>
    public async ValueTask SettleUnansweredAsync(ModelCall call)
    {
        if (call.Attempt?.Relay is { } relay && call.UpstreamAnswered)
        {
            // The relay did not come to its end: the client hung up, or a time-out of YARP's cut it.
            NoteStream(call, relay);
            await SettleAsync(call, Partial(call, relay, call.ClientIsThere ? Outcome.Interrupted : Outcome.ClientClosed));
            return;
        }

        if (call.Attempt?.Binary is { } binary && call.UpstreamAnswered)
        {
            await SettleBinaryAsync(call, binary);
            return;
        }

        var outcome = call.IsRejected ? Outcome.Rejected : call.ClientIsThere ? Outcome.Failed : Outcome.ClientClosed;
        await SettleAsync(call, new Settlement(outcome, default, CountedBy.None));
    }

    private (Usage Usage, CountedBy CountedBy) UsageOf(ModelCall call, AnswerReader reader)
    {
        if (reader is { HasUsage: true, UsageIsEmpty: false } && !IsDisputed(call, reader.Tokens, Count))
            return (Metering.Of(call, reader.Tokens, reader.Facts.Images, reader.Facts.AudioMilliseconds), CountedBy.Upstream);

        var countedBy = reader.Facts.AudioMilliseconds is null ? CountedBy.Gateway : CountedBy.UpstreamAndGateway;
        return (Metering.Counted(call, Count(), reader.Facts.Images, reader.Facts.AudioMilliseconds), countedBy);

        long Count()
        {
            using var text = new PooledBuffer();
            reader.AppendOutputText(text);
            return TokenCounter.For(ModelEncoding.For(call.Hold!.Request.Facts.Model).Encoding).Count(text.WrittenSpan);
        }
    }

    // The receipt keeps what the upstream claims, beside what is charged.
    private bool IsDisputed(ModelCall call, in UsageTokens reported, Func<long> countOutput)
    {
        if (!UsageDispute.IsAbsurd(reported, call, countOutput))
            return false;

        call.Hold!.Request.Facts.DisputedUsage = new Usage(reported.Input, reported.CachedInput, reported.CacheWrite, reported.Output, reported.Reasoning);
        LogDisputed(call.Hold.ReceiptId.ToString(), call.Candidate!.Channel.Id, reported.Input, reported.Output);
        return true;
    }

    // The upstream's own refusal of the request (a bad tool schema, say) is the client's to see. It is free.
    private async ValueTask<GatewayError?> PassThroughAsync(ModelCall call)
    {
        var answer = call.Attempt!.Answer!;
        await SettleAsync(call, new Settlement(Outcome.Failed, default, CountedBy.None));
        using var body = new PooledBuffer(1024);
        if (!answer.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase) || !TryWriteRefusal(call.Attempt, answer, body))
            return GatewayError.InvalidBody("The provider refused the request without saying why.") with { Status = answer.Status };

        var response = call.Http.Response;
        response.StatusCode = answer.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        CallHeaders.Settled(call);
        await answers.ReleaseAsync(call);
        await response.Body.WriteAsync(body.WrittenMemory, CancellationToken.None);
        return null;
    }

    // In the client's API, through the one in which the gateway reads answers.
    private static bool TryWriteRefusal(CallAttempt attempt, UpstreamAnswer answer, PooledBuffer output)
    {
        using var first = new PooledBuffer(1024);
        if (!(attempt.Adapter.Upstream?.TryWriteError(answer.Body.Span, answer.Status, first) ?? IsObject(answer.Body.Span, first)))
            return false;
        if (attempt.Adapter.Client is { } client)
            return client.TryWriteError(first.WrittenSpan, answer.Status, output);

        output.Write(first.WrittenSpan);
        return true;

        bool IsObject(ReadOnlySpan<byte> json, PooledBuffer into)
        {
            into.Write(json);
            return new AnswerReader().TryRead(answer.Body);
        }
    }

    private void NoteOrigin(ModelCall call, string? answerId)
    {
        if (call.Kind == CallKind.Responses && answerId is not null && call.Body.Index.Store != false)
            origins.Note(call.Key.Workspace, answerId, call.Candidate!.Channel.Id, call.Candidate.UpstreamModel);
    }

    private async ValueTask SettleAsync(ModelCall call, Settlement settlement)
    {
        var facts = call.Hold!.Request.Facts;
        facts.LatencyMs = call.ElapsedMs;
        facts.Rules = CallFactsOf.Rules(call);
        call.Settlement = settlement;
        var began = Stopwatch.GetTimestamp();
        try
        {
            // CancellationToken.None: it bounds itself, and a settlement is not given up because somebody waits no longer.
            call.Settled = await ledger.SettleAsync(call.Hold, settlement, CancellationToken.None);
        }
        finally
        {
            call.Times.Settlement = StepTime.Since(began);
        }

        if (call.Settled.Outcome == Outcome.Complete)
            ratios.Note(call.Key.Id, call.Hold.Request.Amount, call.Settled.Cost);
    }

    [LoggerMessage(1, LogLevel.Warning, "{ReceiptId}: {Channel} reports {InputTokens} input and {OutputTokens} output tokens, which is not believed; the gateway's count is charged.")]
    private partial void LogDisputed(string receiptId, string channel, long inputTokens, long outputTokens);
}
