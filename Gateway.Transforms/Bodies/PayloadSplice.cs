using System.Buffers;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>Adds members to the usage object and to the root of a payload; every byte of the payload stays, but for a usage of null and for members of usage whose place ours take.</summary>
internal static class PayloadSplice
{
    /// <summary>Writes <paramref name="json"/> with <paramref name="usageExtra"/> in usage and <paramref name="rootExtra"/> at the root.</summary>
    /// <remarks>Extras are members without braces or outer commas; empty ones add nothing. A missing usage is added at the root.</remarks>
    public static void Write(
        ReadOnlySpan<byte> json,
        in AnswerFacts facts,
        ReadOnlySpan<byte> usageExtra,
        ReadOnlySpan<byte> rootExtra,
        IBufferWriter<byte> output)
    {
        var read = 0;
        var rootIsEmpty = facts.RootIsEmpty;
        var addsUsage = !usageExtra.IsEmpty && !facts.UsageValue.IsPresent;
        if (!usageExtra.IsEmpty && facts is { HasUsage: true, UsageNamesOurs: true })
        {
            output.Write(json[..facts.UsageValue.Offset]);
            read = facts.UsageValue.End - 1;
            WriteMembers(usageExtra, WriteWithoutOurs(facts.UsageValue.Of(json), usageExtra, output), output);
        }
        else if (!usageExtra.IsEmpty && facts.HasUsage)
        {
            read = facts.UsageValue.End - 1;
            output.Write(json[..read]);
            WriteMembers(usageExtra, facts.UsageIsEmpty, output);
        }
        else if (!usageExtra.IsEmpty && facts.UsageIsNull)
        {
            output.Write(json[..facts.UsageValue.Offset]);
            output.Write("{"u8);
            output.Write(usageExtra);
            output.Write("}"u8);
            read = facts.UsageValue.End;
        }

        output.Write(json[read..facts.RootClose]);
        if (addsUsage)
        {
            output.Write(rootIsEmpty ? "\"usage\":{"u8 : ",\"usage\":{"u8);
            output.Write(usageExtra);
            output.Write("}"u8);
            rootIsEmpty = false;
        }

        if (!rootExtra.IsEmpty)
        {
            WriteMembers(rootExtra, rootIsEmpty, output);
        }

        output.Write(json[facts.RootClose..]);
    }

    /// <summary>Whether the gateway adds members of this name to usage.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 => name.SequenceEqual("cost"u8),
        7 => name.SequenceEqual("paid_by"u8),
        9 => name.SequenceEqual("latencyMs"u8),
        11 => name.SequenceEqual("inputTokens"u8) || name.SequenceEqual("totalTokens"u8) || name.SequenceEqual("costCredits"u8),
        12 => name.SequenceEqual("outputTokens"u8),
        13 => name.SequenceEqual("cost_currency"u8),
        _ => false,
    };

    // OpenRouter says in usage what it took, and so does another gateway: what this one takes is what the caller pays. True if no member is left.
    private static bool WriteWithoutOurs(ReadOnlySpan<byte> usage, ReadOnlySpan<byte> extra, IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        var isFirst = true;
        var reader = new Utf8JsonReader(usage, new JsonReaderOptions { MaxDepth = 128 });
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isReplaced = IsOurs(reader.ValueSpan) && Names(extra, reader.ValueSpan);
            reader.Read();
            reader.Skip();
            if (isReplaced)
                continue;

            WriteMembers(usage[start..(int)reader.BytesConsumed], isFirst, output);
            isFirst = false;
        }

        return isFirst;
    }

    private static bool Names(ReadOnlySpan<byte> members, ReadOnlySpan<byte> name)
    {
        for (var at = members.IndexOf(name); at >= 0; at = members.IndexOf(name))
        {
            var end = at + name.Length;
            if (at > 0 && members[at - 1] == (byte)'"' && end + 1 < members.Length && members[end] == (byte)'"' && members[end + 1] == (byte)':')
                return true;
            members = members[end..];
        }

        return false;
    }

    private static void WriteMembers(ReadOnlySpan<byte> members, bool isFirst, IBufferWriter<byte> output)
    {
        if (!isFirst)
        {
            output.Write(","u8);
        }

        output.Write(members);
    }
}
