using System.Buffers;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Streaming;

namespace Gateway.Host.Pipeline;

/// <summary>The members that the gateway adds to an answer: the cost in <c>usage</c>, and the fields of the Token Wallet dialect.</summary>
internal static class AnswerMembers
{
    // Every answer has them: the writer and its buffer are made once a thread. Nothing here waits between Begin and End.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) scratch;

    /// <summary>Members for <c>usage</c> of a plain answer; the tokens too, when the upstream sent none.</summary>
    public static byte[] Usage(ModelCall call, in Usage usage, bool upstreamReported) => Write(call, usage, !upstreamReported, call.IsWallet);

    /// <summary>Members for <c>usage</c> in a stream's last chunk.</summary>
    public static byte[] StreamUsage(ModelCall call, SseRelay relay)
    {
        var usage = relay.Reported is { } reported
            ? Metering.Of(call, reported, relay.Images, relay.AudioMilliseconds)
            : Metering.Counted(call, relay.ReceivedTokens(), relay.Images, relay.AudioMilliseconds);
        return Write(call, usage, relay.Reported is null, call.IsWallet);
    }

    /// <summary>Members for the root in the Token Wallet dialect; none in OpenAI's.</summary>
    public static byte[] Root(ModelCall call, ReadOnlySpan<byte> rawContent)
    {
        if (!call.IsWallet)
            return [];

        var (buffer, json) = Begin();
        if (!rawContent.IsEmpty)
        {
            json.WritePropertyName("content");
            json.WriteRawValue(rawContent, skipInputValidation: true);
        }

        WritePack(json, call);
        json.WriteString("usageLogId", call.ReceiptId);
        return End(buffer, json);
    }

    private static byte[] Write(ModelCall call, in Usage usage, bool withTokens, bool withWallet)
    {
        var settled = call.Settled!;
        var (buffer, json) = Begin();
        if (withTokens)
            WriteTokens(json, call, usage);

        WriteCredits(json, "cost", settled.Cost);
        json.WriteString("cost_currency", call.Hold!.Request.Price.Currency);
        json.WriteStartArray("paid_by");
        foreach (var share in settled.PaidBy)
        {
            json.WriteStartObject();
            json.WriteString("bucket", share.Bucket);
            json.WriteString("kind", LedgerNames.Of(share.Kind));
            WriteCredits(json, "amount", share.Amount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (withWallet)
        {
            json.WriteNumber("inputTokens", usage.InputTokens);
            json.WriteNumber("outputTokens", usage.OutputTokens);
            json.WriteNumber("totalTokens", usage.TotalTokens);
            WriteCredits(json, "costCredits", settled.Cost);
            json.WriteNumber("latencyMs", (long)call.ElapsedMs);
        }

        return End(buffer, json);
    }

    // Under the names of the API in which the gateway reads the answer.
    private static void WriteTokens(Utf8JsonWriter json, ModelCall call, in Usage usage)
    {
        var kind = call.Attempt?.Adapter.Kind ?? call.Kind;
        if (kind == CallKind.Moderation)
            return;

        var isChat = kind == CallKind.Chat || kind == CallKind.Completion || kind == CallKind.Embedding;
        json.WriteNumber(isChat ? "prompt_tokens" : "input_tokens", usage.InputTokens);
        if (kind.HasOutputTokens)
            json.WriteNumber(isChat ? "completion_tokens" : "output_tokens", usage.OutputTokens);
        if (kind != CallKind.Messages)
            json.WriteNumber("total_tokens", usage.TotalTokens);
    }

    private static void WritePack(Utf8JsonWriter json, ModelCall call)
    {
        foreach (var share in call.Settled!.PaidBy)
        {
            if (share.Kind != BucketKind.Pack)
                continue;

            var rates = call.Hold!.Request.Price.Base;
            var mean = (rates.Input + rates.Output) / 2;
            json.WriteStartObject("pack");
            json.WriteString("id", share.Bucket);
            json.WriteNumber("remainingTokensEst", mean == 0 ? 0 : (long)((Int128)share.BalanceAfter.Nano * 1000 / mean));
            WriteCredits(json, "internalCreditsRemaining", share.BalanceAfter);
            json.WriteString("status", share.BalanceAfter > Credits.Zero ? "ACTIVE" : "EXHAUSTED");
            json.WriteEndObject();
            return;
        }

        json.WriteNull("pack");
    }

    private static void WriteCredits(Utf8JsonWriter json, string name, Credits credits)
    {
        Span<byte> text = stackalloc byte[Credits.MaxCharacters];
        credits.TryFormat(text, out var length, format: default, provider: null);
        json.WritePropertyName(name);
        json.WriteRawValue(text[..length], skipInputValidation: true);
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Begin()
    {
        if (scratch.Buffer is null)
        {
            var made = new ArrayBufferWriter<byte>(512);
            scratch = (made, new Utf8JsonWriter(made, new JsonWriterOptions { SkipValidation = true }));
        }

        var (buffer, json) = scratch;
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        json.WriteStartObject();
        return (buffer, json);
    }

    // The members without the braces around them: they are spliced into an object that is there.
    private static byte[] End(ArrayBufferWriter<byte> buffer, Utf8JsonWriter json)
    {
        json.Flush();
        return buffer.WrittenSpan[1..].ToArray();
    }
}
