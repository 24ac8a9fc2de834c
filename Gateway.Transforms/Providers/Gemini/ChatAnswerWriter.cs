using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>Writes what Gemini answered as chat completions and their chunks. One for each answer or stream.</summary>
/// <param name="target">What was asked.</param>
internal sealed class ChatAnswerWriter(TranslationTarget target)
{
    // OpenAI refuses ids of calls with more than 40 characters, and a client may take its conversation there.
    private const int IdLetters = 24;

    private readonly int[] _callsOfCandidate = new int[GeminiResponse.MostCandidates];
    private int _calls;

    /// <summary>Writes a whole answer.</summary>
    public void WriteAnswer(GeminiResponse response, ReadOnlySpan<byte> source, IBufferWriter<byte> output)
    {
        WriteHead(response, source, "chat.completion"u8, output);
        output.Write("\"choices\":["u8);
        var isFirst = true;
        foreach (var candidate in response.Candidates)
        {
            output.Write(isFirst ? "{\"index\":"u8 : ",{\"index\":"u8);
            isFirst = false;
            Write(candidate.Index, output);
            output.Write(",\"message\":{"u8);
            var hasCalls = WriteMessage(response, candidate, source, isWhole: true, hasRole: true, output);
            output.Write("},\"finish_reason\":"u8);
            output.Write(ReasonOf(candidate.Finish, hasCalls));
            output.Write("}"u8);
        }

        // The prompt was refused: the API gives no candidate then.
        if (isFirst)
            output.Write("{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":\"content_filter\"}"u8);
        output.Write("]"u8);
        if (response.Usage.IsPresent)
        {
            output.Write(","u8);
            response.Usage.Write(output);
        }

        output.Write("}"u8);
    }

    /// <summary>Writes <c>{"id":…,"object":…,"created":…,"model":…,</c>.</summary>
    public void WriteHead(GeminiResponse response, ReadOnlySpan<byte> source, ReadOnlySpan<byte> kind, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":"u8);
        if (response.Id.IsPresent)
        {
            output.Write(response.Id.Of(source));
        }
        else
        {
            output.Write("\"chatcmpl-"u8);
            output.Write(Encoding.UTF8.GetBytes(IdTail()));
            output.Write("\""u8);
        }

        output.Write(",\"object\":\""u8);
        output.Write(kind);
        output.Write("\",\"created\":"u8);
        Write(Created(), output);
        output.Write(",\"model\":"u8);
        if (response.Model.IsPresent)
        {
            output.Write(response.Model.Of(source));
        }
        else
        {
            output.Write("\""u8);
            output.Write(JsonEncodedText.Encode(target.UpstreamModel).EncodedUtf8Bytes);
            output.Write("\""u8);
        }

        output.Write(","u8);
    }

    /// <summary>Writes the members of a message, or of a delta; true if there is a call among them.</summary>
    public bool WriteMessage(GeminiResponse response, in GeminiCandidate candidate, ReadOnlySpan<byte> source, bool isWhole, bool hasRole, IBufferWriter<byte> output)
    {
        var parts = CollectionsMarshal.AsSpan(response.Parts).Slice(candidate.FirstPart, candidate.PartCount);
        var hasMember = hasRole;
        if (hasRole)
            output.Write("\"role\":\"assistant\""u8);
        var hasText = WriteText(parts, GeminiPartKind.Text, source, "\"content\":\""u8, ref hasMember, output);
        WriteText(parts, GeminiPartKind.Thought, source, "\"reasoning_content\":\""u8, ref hasMember, output);
        var hasCalls = false;
        foreach (ref readonly var part in parts)
        {
            if (part.Kind is not GeminiPartKind.Call)
                continue;
            if (!hasCalls)
                WriteName("\"tool_calls\":["u8, ref hasMember, output);
            else
                output.Write(","u8);
            hasCalls = true;
            WriteCall(part, source, isWhole ? null : _callsOfCandidate[candidate.Index]++, output);
        }

        if (hasCalls)
            output.Write("]"u8);
        if (isWhole && !hasText)
            WriteName(hasCalls ? "\"content\":null"u8 : "\"content\":\"\""u8, ref hasMember, output);
        return hasCalls;
    }

    /// <summary>The raw value of <c>finish_reason</c>.</summary>
    public static ReadOnlySpan<byte> ReasonOf(GeminiFinish finish, bool hasCalls) => finish switch
    {
        GeminiFinish.None => "null"u8,
        GeminiFinish.Length => "\"length\""u8,
        GeminiFinish.Filtered => "\"content_filter\""u8,
        _ => hasCalls ? "\"tool_calls\""u8 : "\"stop\""u8,
    };

    /// <summary>Writes a number.</summary>
    public static void Write(long value, IBufferWriter<byte> output)
    {
        const int LongestNumber = 20;
        Utf8Formatter.TryFormat(value, output.GetSpan(LongestNumber), out var written);
        output.Advance(written);
    }

    private static bool WriteText(
        ReadOnlySpan<GeminiPart> parts, GeminiPartKind kind, ReadOnlySpan<byte> source, ReadOnlySpan<byte> name, ref bool hasMember, IBufferWriter<byte> output)
    {
        var has = false;
        foreach (ref readonly var part in parts)
        {
            if (part.Kind != kind)
                continue;
            if (!has)
                WriteName(name, ref hasMember, output);
            has = true;
            output.Write(part.Text.Of(source)[1..^1]);
        }

        if (has)
            output.Write("\""u8);
        return has;
    }

    private static void WriteName(ReadOnlySpan<byte> name, ref bool hasMember, IBufferWriter<byte> output)
    {
        if (hasMember)
            output.Write(","u8);
        hasMember = true;
        output.Write(name);
    }

    // A stream numbers the calls of each choice; a whole answer has them in an array.
    private void WriteCall(in GeminiPart call, ReadOnlySpan<byte> source, int? index, IBufferWriter<byte> output)
    {
        var number = _calls++;
        output.Write("{"u8);
        if (index is { } position)
        {
            output.Write("\"index\":"u8);
            Write(position, output);
            output.Write(","u8);
        }

        output.Write("\"id\":"u8);
        if (call.Id.Length > 2)
        {
            output.Write(call.Id.Of(source));
        }
        else
        {
            output.Write("\"call_"u8);
            output.Write(Encoding.UTF8.GetBytes(IdTail()));
            output.Write("_"u8);
            Write(number, output);
            output.Write("\""u8);
        }

        output.Write(",\"type\":\"function\",\"function\":{\"name\":"u8);
        output.Write(call.Name.Of(source));
        output.Write(",\"arguments\":\""u8);
        RawJson.WriteInString(call.Arguments.IsPresent ? call.Arguments.Of(source) : "{}"u8, output);
        output.Write("\"}"u8);
        if (call.Signature.IsPresent)
        {
            // Where Google's own OpenAI-shaped API gives it, and wants it back: https://ai.google.dev/gemini-api/docs/thought-signatures
            output.Write(",\"extra_content\":{\"google\":{\"thought_signature\":"u8);
            output.Write(call.Signature.Of(source));
            output.Write("}}"u8);
        }

        output.Write("}"u8);
    }

    private string IdTail() => target.ReceiptId.Length > IdLetters ? target.ReceiptId[^IdLetters..] : target.ReceiptId;

    // A receipt's id ends in a UUIDv7, which begins with its moment: so the answer needs no clock.
    private long Created()
    {
        const int UuidDigits = 32;
        const int TimeDigits = 12;
        var id = target.ReceiptId.AsSpan();
        return id.Length >= UuidDigits && long.TryParse(id[^UuidDigits..][..TimeDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var milliseconds)
            ? milliseconds / 1_000
            : 0;
    }
}
