using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Adds members to the usage object and to the root of a payload; every byte of the payload stays, but for a usage of null.</summary>
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
        if (!usageExtra.IsEmpty && facts.HasUsage)
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

    private static void WriteMembers(ReadOnlySpan<byte> members, bool isFirst, IBufferWriter<byte> output)
    {
        if (!isFirst)
        {
            output.Write(","u8);
        }

        output.Write(members);
    }
}
