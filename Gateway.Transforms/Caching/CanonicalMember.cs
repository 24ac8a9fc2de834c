using System.Buffers.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Caching;

/// <summary>The top-level members that the cache treats in a way of their own.</summary>
internal enum MemberName
{
    /// <summary>Part of the key as it stands.</summary>
    Other,

    /// <summary>Replaced by the resolved one.</summary>
    Model,

    /// <summary>A string is replaced by the resolved one; any other belongs to upstream.</summary>
    Provider,

    /// <summary>Absent and null are false.</summary>
    Stream,

    /// <summary>Not part of the key, unless it says more than whether usage is wanted.</summary>
    StreamOptions,

    /// <summary>Absent, null and every spelling of 1 are one.</summary>
    Temperature,

    /// <summary>How many answers.</summary>
    N,

    /// <summary>The conversation.</summary>
    Messages,
}

/// <summary>A top-level member of a request, where it stands among the canonical bytes.</summary>
internal struct CanonicalMember
{
    private const int LongestName = 14;
    private const int LongestEscape = 6;

    /// <summary>Name, colon and value.</summary>
    public ByteRange Bytes;

    /// <summary>The name without quotes.</summary>
    public ByteRange NameBytes;

    public MemberName Name;

    /// <summary>The value's first token.</summary>
    public JsonTokenType Type;

    /// <summary>The value, if it is a number that a double can hold; else 0.</summary>
    public double Number;

    /// <summary>Whether <c>stream_options</c> says more than <c>include_usage</c>.</summary>
    public bool HasOtherOptions;

    /// <summary>Begins at a name.</summary>
    /// <param name="reader">Stands on the name.</param>
    /// <param name="position">Where the name's first quote stands among the canonical bytes.</param>
    public static CanonicalMember Begin(ref Utf8JsonReader reader, int position) => new()
    {
        Bytes = new ByteRange(position, 0),
        NameBytes = new ByteRange(position + 1, reader.ValueSpan.Length),
        Name = Classify(ref reader),
    };

    /// <summary>Reads the number that the reader stands on, if it is one that matters.</summary>
    public void ReadNumber(ref Utf8JsonReader reader)
    {
        if (Name is (MemberName.Temperature or MemberName.N) && Type is JsonTokenType.Number
            && Utf8Parser.TryParse(reader.ValueSpan, out double number, out var read) && read == reader.ValueSpan.Length)
        {
            Number = number;
        }
    }

    private static MemberName Classify(ref Utf8JsonReader reader)
    {
        var name = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return Classify(name);
        }

        if (name.Length > LongestName * LongestEscape)
        {
            return MemberName.Other;
        }

        Span<byte> unescaped = stackalloc byte[LongestName * LongestEscape];
        return Classify(unescaped[..JsonText.Unescape(name, unescaped)]);
    }

    private static MemberName Classify(ReadOnlySpan<byte> name) => name.Length switch
    {
        1 when name[0] == 'n' => MemberName.N,
        5 when name.SequenceEqual("model"u8) => MemberName.Model,
        6 when name.SequenceEqual("stream"u8) => MemberName.Stream,
        8 when name.SequenceEqual("messages"u8) => MemberName.Messages,
        8 when name.SequenceEqual("provider"u8) => MemberName.Provider,
        11 when name.SequenceEqual("temperature"u8) => MemberName.Temperature,
        14 when name.SequenceEqual("stream_options"u8) => MemberName.StreamOptions,
        _ => MemberName.Other,
    };
}

/// <summary>Orders members by the bytes of their names.</summary>
internal readonly struct ByName(byte[] canonical) : IComparer<CanonicalMember>
{
    public int Compare(CanonicalMember x, CanonicalMember y) => x.NameBytes.Of(canonical).SequenceCompareTo(y.NameBytes.Of(canonical));
}
