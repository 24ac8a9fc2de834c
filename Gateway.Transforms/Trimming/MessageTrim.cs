using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Trimming;

/// <summary>Removes the oldest messages of a conversation, whole, so that what is left is one that an upstream accepts.</summary>
/// <remarks>
/// A pure function of the body. As the indices of a conversation that only grows are stable, the cut stands still while the conversation grows by a step, and the
/// provider's prompt cache stays warm. What is left is byte for byte what the client sent, commas apart.
/// </remarks>
public static class MessageTrim
{
    /// <summary>Trims an array of messages.</summary>
    /// <param name="body">A body that was found to be JSON.</param>
    /// <param name="messages">Where the array stands in it.</param>
    /// <param name="format">Whose array it is.</param>
    /// <param name="maxMessages">Most messages to keep, those of system and developer not counted: 1 or more.</param>
    /// <param name="splice">Receives the removals.</param>
    /// <returns>What was done. A body that is not understood is left alone, and the outcome says why.</returns>
    public static TrimOutcome Trim(ReadOnlySpan<byte> body, ByteRange messages, MessageFormat format, int maxMessages, BodySplice splice)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMessages, 1);
        using var index = new MessageIndex();
        var fault = index.Read(body, messages, format);
        if (fault is not MessageFault.None)
        {
            return TrimOutcome.SteppedAside(fault);
        }

        var count = Count(index.Messages);
        return count <= maxMessages
            ? TrimOutcome.Understood(dropped: 0, kept: count, orphans: 0, maxMessages)
            : Cut(body, index, count, maxMessages, splice);
    }

    private static TrimOutcome Cut(ReadOnlySpan<byte> body, MessageIndex index, int count, int maxMessages, BodySplice splice)
    {
        var isJoined = ToolGroups.TryJoin(index, body, out var groups);
        using (groups)
        {
            if (!isJoined)
            {
                return TrimOutcome.SteppedAside(TrimOutcome.ResultWithoutCall);
            }

            using var plan = new TrimPlan(index.Messages, groups, count, maxMessages);
            var outcome = plan.Make();
            if (outcome.Dropped > 0)
            {
                Remove(index.Messages, plan.Dropped, splice);
            }

            return outcome;
        }
    }

    private static int Count(ReadOnlySpan<MessageEntry> messages)
    {
        var count = 0;
        foreach (ref readonly var message in messages)
        {
            count += message.Kind is MessageKind.System ? 0 : 1;
        }

        return count;
    }

    private static void Remove(ReadOnlySpan<MessageEntry> messages, ReadOnlySpan<bool> dropped, BodySplice splice)
    {
        for (var i = 0; i < messages.Length; i++)
        {
            if (!dropped[i])
            {
                continue;
            }

            var first = i;
            while (i + 1 < messages.Length && dropped[i + 1])
            {
                i++;
            }

            splice.Remove(WithComma(messages, first, i));
        }
    }

    // The comma behind goes with the messages; where nothing is left behind them, the one before.
    private static ByteRange WithComma(ReadOnlySpan<MessageEntry> messages, int first, int last)
    {
        var start = messages[first].Value.Offset;
        var end = messages[last].Value.End;
        if (last + 1 < messages.Length)
        {
            return ByteRange.Between(start, messages[last + 1].Value.Offset);
        }

        return ByteRange.Between(first > 0 ? messages[first - 1].Value.End : start, end);
    }
}
