using System.Buffers;
using Gateway.Host.OpenAi;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Caching;

namespace Gateway.Host.Pipeline;

/// <content>An answer that a rule has kept: settled for nothing, given as it came.</content>
internal sealed partial class Reply
{
    /// <summary>Answers with what a rule has kept: the same answer, for nothing.</summary>
    public async ValueTask<GatewayError?> AnswerKeptAsync(ModelCall call, StoredReply kept)
    {
        call.Hold!.Request.Facts.UpstreamModel = kept.UpstreamModel;
        if (kept.Streamed)
            return await AnswerKeptStreamAsync(call, kept);

        var reader = new AnswerReader();
        if (!reader.TryRead(kept.Body))
            return GatewayError.Upstream;

        call.Hold.Request.Facts.ReportedModel = reader.ReportedModel;
        await SettleAsync(call, new Settlement(Outcome.Cached, default, CountedBy.None));
        using var body = new PooledBuffer(kept.Body.Length + 512);
        var usage = new Usage(kept.InputTokens, 0, 0, kept.OutputTokens, 0);
        AnswerSplice.Write(reader, AnswerMembers.Usage(call, usage, reader.HasUsage), AnswerMembers.Root(call, reader.FirstContent.Of(kept.Body.Span)), body);
        CallHeaders.Settled(call);
        await WritePlainAsync(call, body);
        return null;
    }

    // As YARP does it for an upstream's: what one read returned is written and flushed before the next.
    private async ValueTask<GatewayError?> AnswerKeptStreamAsync(ModelCall call, StoredReply kept)
    {
        var response = call.Http.Response;
        BeginStream(call);
        var relay = call.Kept = Relay(call, new ReplayStream(kept.Body, time), settings.MaxAnswerTime, attempt: null);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (await relay.ReadAsync(buffer, call.Http.RequestAborted) is var count and > 0)
            {
                await response.Body.WriteAsync(buffer.AsMemory(0, count), call.Http.RequestAborted);
                await response.Body.FlushAsync(call.Http.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (!call.ClientIsThere)
        {
            // The client hung up on a replay: the settlement says so.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return null;
    }
}
