using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Trimming;

/// <summary>Which messages of a conversation that is too long go. Storage is pooled until <see cref="Dispose"/>.</summary>
/// <remarks>
/// The cut is made in steps of a quarter of the limit, forward to the first message of a user. The last message of a user and all behind it (the tool loop in flight)
/// is pinned; where that alone is too long, its oldest tool groups go, but never the newest, nor one with words of the user or signed thinking. Orphans are looked
/// for last: a cut after that could make new ones.
/// </remarks>
internal readonly ref struct TrimPlan : IDisposable
{
    private readonly ReadOnlySpan<MessageEntry> _messages;
    private readonly ToolGroups _groups;
    private readonly int _count;
    private readonly int _maxMessages;
    private readonly bool[] _dropped;

    /// <summary>A plan for messages of which <paramref name="count"/>, more than <paramref name="maxMessages"/>, are not of the system.</summary>
    public TrimPlan(ReadOnlySpan<MessageEntry> messages, ToolGroups groups, int count, int maxMessages)
    {
        _messages = messages;
        _groups = groups;
        _count = count;
        _maxMessages = maxMessages;
        _dropped = ArrayPool<bool>.Shared.Rent(Math.Max(messages.Length, 1));
        _dropped.AsSpan().Clear();
    }

    /// <summary>For each message, true if it goes.</summary>
    public ReadOnlySpan<bool> Dropped => _dropped.AsSpan(0, _messages.Length);

    /// <summary>Makes the plan, once; of no use if the outcome says that the conversation was not understood.</summary>
    public TrimOutcome Make()
    {
        var pinned = LastUser();
        var start = FirstKept(RoundUp(_count - _maxMessages), pinned);
        var dropped = DropBefore(start);
        if (_count - dropped > _maxMessages)
        {
            dropped += DropGroups(start, RoundUp(_count - dropped - _maxMessages));
        }

        if (dropped == 0)
        {
            return TrimOutcome.Understood(dropped, _count, orphans: 0, _maxMessages);
        }

        if (!TrySweep(start, Math.Max(pinned, 0), out var orphans))
        {
            return TrimOutcome.SteppedAside(TrimOutcome.LateResult);
        }

        dropped += orphans;
        return TrimOutcome.Understood(dropped, _count - dropped, orphans, _maxMessages);
    }

    public void Dispose() => ArrayPool<bool>.Shared.Return(_dropped);

    private int RoundUp(int excess)
    {
        var step = Math.Max(1, _maxMessages / 4);
        return (excess + step - 1) / step * step;
    }

    private int LastUser()
    {
        var last = _messages.Length - 1;
        while (last >= 0 && _messages[last].Kind is not MessageKind.User)
        {
            last--;
        }

        return last;
    }

    // The first message of a user with at least so many messages before it, but the pinned one at the latest; 0 if there is none.
    private int FirstKept(int excess, int pinned)
    {
        var before = 0;
        for (var i = 0; i < pinned; i++)
        {
            if (_messages[i].Kind is MessageKind.User && before >= excess)
            {
                return i;
            }

            before += _messages[i].Kind is MessageKind.System ? 0 : 1;
        }

        return Math.Max(pinned, 0);
    }

    private int DropBefore(int start)
    {
        var dropped = 0;
        for (var i = 0; i < start; i++)
        {
            _dropped[i] = _messages[i].Kind is not MessageKind.System;
            dropped += _dropped[i] ? 1 : 0;
        }

        return dropped;
    }

    private int DropGroups(int start, int excess)
    {
        var newest = NewestGroup(start);
        var dropped = 0;
        for (var i = start; i < newest && dropped < excess; i++)
        {
            if (IsToolGroup(i) && !_groups.HoldsUserText(i) && !_groups.IsSigned(i))
            {
                _dropped[i] = true;
                dropped += _groups.Size(i);
            }
        }

        for (var i = start; i < _messages.Length; i++)
        {
            _dropped[i] |= _groups.Of(i) >= start && _dropped[_groups.Of(i)];
        }

        return dropped;
    }

    private int NewestGroup(int start)
    {
        var newest = _messages.Length - 1;
        while (newest >= start && !IsToolGroup(newest))
        {
            newest--;
        }

        return newest;
    }

    private bool IsToolGroup(int message) => _groups.Of(message) == message && _groups.HasCalls(message);

    // False if an answer has lost its call to the cut and cannot go: it stands in the pinned part, or shares its message with words of the user.
    private bool TrySweep(int start, int pinned, out int orphans)
    {
        orphans = 0;
        for (var i = start; i < _messages.Length; i++)
        {
            if (_dropped[i])
            {
                continue;
            }

            var group = _groups.Of(i);
            if (group < start && (i > pinned || _messages[i].HoldsUserText))
            {
                return false;
            }

            if (group < start || _dropped[group] || IsUnanswered(group, pinned))
            {
                _dropped[i] = true;
                orphans++;
            }
        }

        return true;
    }

    // In the pinned part, an answer may still be on its way.
    private bool IsUnanswered(int group, int pinned) =>
        _groups.IsUnanswered(group) && _groups.Last(group) < pinned && !_groups.HoldsUserText(group);
}
