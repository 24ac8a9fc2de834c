using System.Buffers;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Caching;

/// <summary>A request without insignificant whitespace, its top-level members found: one forward scan, no DOM. Reusable, not thread-safe.</summary>
/// <remarks>
/// Strings, numbers and the order inside of nested objects stay as they were sent: what is written differently is another request, which costs a hit
/// and never a wrong answer. Only what upstream is bound to read alike (spaces, and the order of the top-level members) makes no difference.
/// </remarks>
internal sealed class CanonicalBody : IDisposable
{
    private const int MaxDepth = RequestIndex.MaxDepth;

    private byte[] _bytes = [];
    private int _length;
    private CanonicalMember[] _members = ArrayPool<CanonicalMember>.Shared.Rent(32);
    private int _segmentStart;
    private LastMessage _last;

    /// <summary>The members in order of their names.</summary>
    public ReadOnlySpan<CanonicalMember> Members => _members.AsSpan(0, Count);

    /// <summary>Top-level members.</summary>
    public int Count { get; private set; }

    /// <summary>The conversation's last message.</summary>
    public ref readonly LastMessage Last => ref _last;

    /// <summary>The canonical bytes of a range of them.</summary>
    public ReadOnlySpan<byte> this[ByteRange range] => _bytes.AsSpan(range.Offset, range.Length);

    /// <summary>Reads a body; false if it is not one JSON object of at most 64 levels.</summary>
    public bool TryRead(ReadOnlySpan<byte> body)
    {
        Reset(body.Length);
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            {
                return false;
            }

            Scan(body, ref reader);
        }
        catch (JsonException)
        {
            return false;
        }

        Sort();
        return true;
    }

    /// <summary>The member of that name; false if there is none.</summary>
    public bool TryFind(MemberName name, out CanonicalMember found)
    {
        foreach (var member in Members)
        {
            if (member.Name == name)
            {
                found = member;
                return true;
            }
        }

        found = default;
        return false;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        ArrayPool<CanonicalMember>.Shared.Return(_members);
        _bytes = [];
        _members = [];
        Count = 0;
    }

    private void Reset(int capacity)
    {
        if (_bytes.Length < capacity)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(capacity);
        }

        _length = 0;
        Count = 0;
        _last = default;
    }

    private void Scan(ReadOnlySpan<byte> body, ref Utf8JsonReader reader)
    {
        _segmentStart = (int)reader.TokenStartIndex;
        var end = (int)reader.BytesConsumed;
        var member = default(CanonicalMember);
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            if (start != end)
            {
                CloseGap(body, end, start);
            }

            var type = reader.TokenType;
            end = (int)reader.BytesConsumed;
            var depth = reader.CurrentDepth;
            if (type is JsonTokenType.PropertyName)
            {
                if (depth == 1)
                {
                    member = CanonicalMember.Begin(ref reader, Position(start));
                }

                CloseColon(body, start + reader.ValueSpan.Length + 2, end);
            }
            else if (depth == 1)
            {
                Value(ref reader, ref member, start, end);
            }

            if (member.Name is MemberName.Messages)
            {
                if (depth is > 1 and <= LastMessage.DeepestLevel)
                {
                    _last.Token(ref reader, depth, Position(start));
                }
            }
            else if (member.Name is MemberName.StreamOptions && depth == 2 && type is JsonTokenType.PropertyName)
            {
                member.HasOtherOptions |= !reader.ValueTextEquals("include_usage"u8);
            }
        }

        Flush(body, end);
    }

    private void Value(ref Utf8JsonReader reader, ref CanonicalMember member, int start, int end)
    {
        var type = reader.TokenType;
        if (type is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            member.Type = type;
            return;
        }

        if (type is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
        {
            member.Type = type;
            member.ReadNumber(ref reader);
            
        }

        member.Bytes = ByteRange.Between(member.Bytes.Offset, Position(end));
        Add(member);
    }

    private void Add(in CanonicalMember member)
    {
        if (Count == _members.Length)
        {
            var larger = ArrayPool<CanonicalMember>.Shared.Rent(Count * 2);
            Members.CopyTo(larger);
            ArrayPool<CanonicalMember>.Shared.Return(_members);
            _members = larger;
        }

        _members[Count++] = member;
    }

    // Few members, in most requests: the library's sort allocates.
    private void Sort()
    {
        const int few = 32;
        var members = _members.AsSpan(0, Count);
        var byName = new ByName(_bytes);
        if (Count > few)
        {
            members.Sort(byName);
            return;
        }

        for (var i = 1; i < members.Length; i++)
        {
            for (var j = i; j > 0 && byName.Compare(members[j], members[j - 1]) < 0; j--)
            {
                (members[j], members[j - 1]) = (members[j - 1], members[j]);
            }
        }
    }

    /// <summary>Where a byte of the body comes to stand among the canonical ones.</summary>
    private int Position(int offset) => _length + offset - _segmentStart;

    // Between two tokens stands nothing, a comma, or those with spaces, which go.
    private void CloseGap(ReadOnlySpan<byte> body, int from, int to)
    {
        var hasComma = body[from..to].Contains((byte)',');
        if (hasComma && to - from == 1)
        {
            return;
        }

        Flush(body, from);
        if (hasComma)
        {
            _bytes[_length++] = (byte)',';
        }

        _segmentStart = to;
    }

    // The reader takes the colon, and the spaces before it, with the name.
    private void CloseColon(ReadOnlySpan<byte> body, int nameEnd, int end)
    {
        if (end - nameEnd == 1)
        {
            return;
        }

        Flush(body, nameEnd);
        _segmentStart = end - 1;
    }

    private void Flush(ReadOnlySpan<byte> body, int end)
    {
        var segment = body[_segmentStart..end];
        segment.CopyTo(_bytes.AsSpan(_length));
        _length += segment.Length;
        _segmentStart = end;
    }
}
