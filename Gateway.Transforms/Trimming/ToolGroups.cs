using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Trimming;

/// <summary>What belongs together: a message with tool calls and all answers to them, and in the Responses format what a model said at one go.</summary>
/// <remarks>A group is named by its first message. Storage is pooled until <see cref="Dispose"/>.</remarks>
internal readonly ref struct ToolGroups : IDisposable
{
    private readonly ReadOnlySpan<MessageEntry> _messages;
    private readonly Group[] _groups;

    private ToolGroups(ReadOnlySpan<MessageEntry> messages)
    {
        _messages = messages;
        _groups = ArrayPool<Group>.Shared.Rent(Math.Max(messages.Length, 1));
    }

    /// <summary>Joins the messages into groups; false, with groups of no use, if an answer has no call before it.</summary>
    public static bool TryJoin(MessageIndex index, ReadOnlySpan<byte> body, out ToolGroups groups)
    {
        groups = new ToolGroups(index.Messages);
        using var calls = new CallTable(body, index.Marks);
        return groups.Join(index.Marks, calls);
    }

    /// <summary>The group of a message: the index of its first message.</summary>
    public int Of(int message)
    {
        // Parents stand before their children, so each step goes down; halving keeps later walks short.
        while (_groups[message].Parent != message)
        {
            ref var parent = ref _groups[message].Parent;
            parent = _groups[parent].Parent;
            message = parent;
        }

        return message;
    }

    /// <summary>True if the group has calls that the client answers. The argument is a group.</summary>
    public bool HasCalls(int group) => _groups[group].Calls > 0;

    /// <summary>True if calls of the group have no answer. The argument is a group.</summary>
    public bool IsUnanswered(int group) => _groups[group].Calls > _groups[group].Answers;

    /// <summary>Messages in the group. The argument is a group.</summary>
    public int Size(int group) => _groups[group].Size;

    /// <summary>The group's last message. The argument is a group.</summary>
    public int Last(int group) => _groups[group].Last;

    /// <summary>True if words of the user stand among the group's answers. The argument is a group.</summary>
    public bool HoldsUserText(int group) => _groups[group].HoldsUserText;

    /// <summary>True if the group holds signed thinking. The argument is a group.</summary>
    public bool IsSigned(int group) => _groups[group].IsSigned;

    public void Dispose() => ArrayPool<Group>.Shared.Return(_groups);

    private bool Join(ReadOnlySpan<ToolMark> marks, scoped in CallTable calls)
    {
        var mark = 0;
        var open = new OpenCalls(-1, HasNameless: false);
        var previous = -1;
        for (var i = 0; i < _messages.Length; i++)
        {
            ref readonly var message = ref _messages[i];
            _groups[i] = new Group(i, message);
            if (message.Kind is MessageKind.System)
            {
                continue;
            }

            var continues = message.IsItem && previous >= 0 && _messages[previous].IsItem;
            if (continues)
            {
                Unite(previous, i);
            }

            var end = EndOfMarks(marks, mark, i);
            switch (message.Kind)
            {
                case MessageKind.Calls:
                    var hasNameless = AddCalls(marks, mark, end, calls);
                    open = new OpenCalls(i, hasNameless || (continues && open.HasNameless));
                    break;
                case MessageKind.Results when !JoinAnswers(marks[mark..end], i, open, calls):
                    return false;
                case MessageKind.User or MessageKind.Model when !continues:
                    open = new OpenCalls(-1, HasNameless: false);
                    break;
            }

            mark = end;
            previous = i;
        }

        return true;
    }

    private static int EndOfMarks(ReadOnlySpan<ToolMark> marks, int start, int message)
    {
        while (start < marks.Length && marks[start].Message == message)
        {
            start++;
        }

        return start;
    }

    private static bool AddCalls(ReadOnlySpan<ToolMark> marks, int start, int end, scoped in CallTable calls)
    {
        var hasNameless = false;
        for (var mark = start; mark < end; mark++)
        {
            if (marks[mark].Id.IsPresent)
            {
                calls.Add(mark);
            }
            else
            {
                hasNameless = true;
            }
        }

        return hasNameless;
    }

    private bool JoinAnswers(ReadOnlySpan<ToolMark> answers, int message, OpenCalls open, scoped in CallTable calls)
    {
        foreach (var answer in answers)
        {
            var call = answer.Id.IsPresent ? calls.Find(answer.Id) : -1;
            if (call < 0 && (open.HasNameless || !answer.Id.IsPresent))
            {
                call = open.Message;
            }

            if (call < 0)
            {
                return false;
            }

            Unite(call, message);
            _groups[Of(call)].Answers++;
        }

        return true;
    }

    private void Unite(int first, int second)
    {
        var one = Of(first);
        var other = Of(second);
        if (one == other)
        {
            return;
        }

        var (into, from) = one < other ? (one, other) : (other, one);
        ref var group = ref _groups[into];
        ref readonly var joined = ref _groups[from];
        group.Size += joined.Size;
        group.Calls += joined.Calls;
        group.Answers += joined.Answers;
        group.Last = Math.Max(group.Last, joined.Last);
        group.HoldsUserText |= joined.HoldsUserText;
        group.IsSigned |= joined.IsSigned;
        _groups[from].Parent = into;
    }

    /// <summary>The calls that an answer without a known id means: those just before it.</summary>
    private readonly record struct OpenCalls(int Message, bool HasNameless);

    private struct Group(int index, in MessageEntry message)
    {
        public int Parent = index;
        public int Size = 1;
        public int Calls = message.CallCount;
        public int Answers;
        public int Last = index;
        public bool HoldsUserText = message.HoldsUserText;
        public bool IsSigned = message.IsSigned;
    }
}
