using Gateway.Host.Catalogue;
using Gateway.Host.Members;
using Gateway.Host.Pipeline;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>Makes the calls of shadow pairs: held, settled and receipted like a client's, plain, by the first channel that serves the model, in one attempt.</summary>
internal sealed partial class ShadowCaller(
    CatalogueSource catalogue,
    MemberDirectory members,
    ChannelHttp http,
    ChannelLoad load,
    ILedger ledger,
    GatewaySettings settings,
    TimeProvider time,
    ILogger<ShadowCaller> log) : IShadowCaller
{
    private static readonly TimeSpan SettleDeadline = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> CallAsync(ShadowSample sample, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var index = new RequestIndex();
        if (!index.TryRead(body, out _) || Resolve(sample) is not { } candidate || !load.TryEnter(candidate.Channel))
            return null;

        try
        {
            var prompt = ChatTokens.CountPrompt(index.MessagesValue.Of(body.Span), index.ToolsValue.Of(body.Span), candidate.Model.Name);
            var member = await members.LimitsOfAsync(sample.Key, cancellationToken);
            var request = HoldFor(sample, member, candidate, CallBound.Of(index, prompt, measures: default, candidate.Model, cap: null));
            if (await ledger.HoldAsync(request, cancellationToken) is not HoldResult.Held { Hold: var hold })
                return null;

            return await CallAsync(hold, candidate, Plain(index, body, candidate.UpstreamModel), prompt.Tokens, cancellationToken);
        }
        finally
        {
            load.Leave(candidate.Channel);
        }
    }

    private async Task<ReadOnlyMemory<byte>?> CallAsync(Hold hold, Candidate candidate, byte[] body, long promptTokens, CancellationToken cancellationToken)
    {
        var settlement = new Settlement(Outcome.Failed, default, CountedBy.None);
        var started = time.GetTimestamp();
        var facts = hold.Request.Facts;
        facts.Channel = candidate.Channel.Id;
        facts.UpstreamModel = candidate.UpstreamModel;
        var attempt = new Attempt { N = 1, Channel = candidate.Channel.Id, UpstreamModel = candidate.UpstreamModel, Error = "upstream_error" };
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

            // The lease is not renewed, so the call must end within it.
            deadline.CancelAfter(settings.HoldLease * 0.8);
            if (ChannelCall.TryMake(candidate.Channel, candidate.UpstreamModel, CallKind.Chat, body, candidate.Model.MaxOutputTokens) is not { } made)
                return null;
            using var message = made.Request;
            using var response = await http.For(candidate.Channel).SendAsync(message, deadline.Token);
            attempt = attempt with { Status = (int)response.StatusCode };
            var reader = new AnswerReader();
            if (made.Read(await response.Content.ReadAsByteArrayAsync(deadline.Token)) is not { } answer
                || !response.IsSuccessStatusCode || !reader.TryRead(answer) || reader.HasError)
            {
                return null;
            }

            attempt = attempt with { Error = null, Charged = true };
            facts.ReportedModel = reader.ReportedModel;
            settlement = reader is { HasUsage: true, Tokens.IsSound: true }
                ? new Settlement(Outcome.Complete, new Usage(reader.Tokens.Input, reader.Tokens.CachedInput, reader.Tokens.CacheWrite, reader.Tokens.Output, reader.Tokens.Reasoning), CountedBy.Upstream)
                : new Settlement(Outcome.Complete, new Usage(promptTokens, 0, 0, CountOutput(reader, candidate.Model), 0), CountedBy.Gateway);
            return AnswerText.Of(answer, streamed: false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogFailed(hold.ReceiptId.ToString(), exception.Message);
            return null;
        }
        finally
        {
            facts.LatencyMs = time.GetElapsedTime(started).TotalMilliseconds;
            facts.Attempts.Add(attempt with { LatencyMs = facts.LatencyMs });
            using var deadline = new CancellationTokenSource(SettleDeadline);
            await ledger.SettleAsync(hold, settlement, deadline.Token);
            ledger.Finish(hold, Delivery.Confirmed);
        }
    }

    private Candidate? Resolve(ShadowSample sample)
    {
        var slash = sample.Model.IndexOf('/', StringComparison.Ordinal);
        var resolution = catalogue.Current.Resolve(sample.Model[(slash + 1)..], sample.Model[..slash], sample.Key, time.GetUtcNow());
        return (resolution as ModelResolution.Resolved)?.Candidates[0];
    }

    private HoldRequest HoldFor(ShadowSample sample, MemberLimits? member, Candidate candidate, CallBound bound) => new()
    {
        ReceiptId = ReceiptId.Create(time.GetUtcNow()),
        Account = sample.Key.Account,
        Key = sample.Key.Limits,
        Member = member,
        Price = candidate.Price,
        Amount = bound.MaxCost(candidate.Price),
        MinimumAmount = bound.LeastCost(candidate.Price),
        Tokens = bound.Tokens,
        PacksOnly = sample.Key.PacksOnly,
        Facts = new CallFacts
        {
            KeyId = sample.Key.Id,
            MemberId = member?.MemberId,
            Workspace = sample.Key.Workspace,
            Tags = [.. sample.Key.Tags, IShadowCaller.Tag],
            Endpoint = CallKind.Chat.Path,
            Dialect = "openai",
            RequestedModel = sample.Model,
            RoutedModel = candidate.Model.Id,
            Provider = candidate.Model.Provider,
            Model = candidate.Model.Name,
            RouteType = candidate.Channel.RouteType,
            PrimaryChannel = candidate.Channel.Id,
        },
    };

    // The body as the client's, but for what belongs to a stream, and the model's name.
    private static byte[] Plain(RequestIndex index, ReadOnlyMemory<byte> body, string upstreamModel)
    {
        var splice = new BodySplice();
        RequestEdits.ReplaceModel(index, splice, upstreamModel);
        RequestEdits.RemoveProvider(index, splice);
        if (index.StreamValue.IsPresent)
            splice.Add(index.StreamValue, "false"u8.ToArray());
        if (index.StreamOptionsMember.IsPresent)
            splice.Remove(index.StreamOptionsMember);
        var plain = new byte[splice.OutputLength(body.Length)];
        splice.WriteTo(body.Span, plain);
        return plain;
    }

    private static long CountOutput(AnswerReader reader, Model model)
    {
        using var text = new PooledBuffer();
        reader.AppendOutputText(text);
        return TokenCounter.For(ModelEncoding.For(model.Name).Encoding).Count(text.WrittenSpan);
    }

    [LoggerMessage(414, LogLevel.Warning, "The shadow call {ReceiptId} failed: {Reason}")]
    private partial void LogFailed(string receiptId, string reason);
}
