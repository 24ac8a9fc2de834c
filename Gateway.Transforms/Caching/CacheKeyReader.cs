using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Caching;

/// <summary>Derives the keys of a request: the exact one, and that of the partition in which its question may meet similar ones. Reusable, not thread-safe.</summary>
/// <remarks>
/// The exact key is SHA-256 over <see cref="CacheScope"/> and every member of the body, known or not, as the rules before the cache left it: so <c>user</c>,
/// <c>metadata</c>, <c>seed</c>, tools, limits and all messages count. Not in it: <c>model</c> and a string <c>provider</c>, in whose place the resolved ones stand,
/// and <c>stream_options.include_usage</c>, which the relay serves by itself. An absent <c>temperature</c> is 1, an absent <c>stream</c> false. The partition is the same
/// without the text of the last message.
/// </remarks>
public sealed class CacheKeyReader : IDisposable
{
    // Enters the key: a change of what is hashed, or of the format of stored answers, forgets all of them.
    private const byte Version = 1;

    private const byte ExactTag = (byte)'E';
    private const byte PartitionTag = (byte)'P';

    // A longer member is represented by its hash.
    private const int LongestVerbatim = 64;

    private readonly CanonicalBody _body = new();
    private readonly PooledBuffer _exact = new(1024);
    private readonly PooledBuffer _partition = new(1024);

    /// <summary>Names the answer of this very request.</summary>
    public CacheDigest Exact { get; private set; }

    /// <summary>Names the requests that differ in the last message's text at most. Of use where <see cref="ExactOnly"/> is <c>null</c>.</summary>
    public CacheDigest Partition => Hash(_partition.WrittenSpan);

    /// <summary>Why only the same request may be answered, as a word for the receipt; <c>null</c>: a similar question may be too.</summary>
    public string? ExactOnly { get; private set; }

    /// <summary>Reads a body; false if it is not one JSON object, and then there is no key.</summary>
    public bool TryRead(ReadOnlySpan<byte> body, in CacheScope scope)
    {
        if (!_body.TryRead(body))
        {
            return false;
        }

        ExactOnly = SimilarQuestions.Forbidden(_body);
        Begin(_exact, ExactTag, scope);
        Begin(_partition, PartitionTag, scope);
        foreach (ref readonly var member in _body.Members)
        {
            if (IsInKey(member))
            {
                Add(member);
            }
        }

        Exact = Hash(_exact.WrittenSpan);
        return true;
    }

    /// <summary>The last message's text, parts joined by line feeds; empty if it has none.</summary>
    public string Question()
    {
        ref readonly var last = ref _body.Last;
        if (!last.IsText)
        {
            return "";
        }

        using var text = new PooledBuffer();
        for (var i = 0; i < last.PartCount; i++)
        {
            var raw = _body[last.Part(i)];
            JsonText.Append(text, i == 0 ? [] : "\n"u8, escaped: false);
            JsonText.Append(text, raw, escaped: true);
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _body.Dispose();
        _exact.Dispose();
        _partition.Dispose();
    }

    private static CacheDigest Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[CacheDigest.Size];
        SHA256.HashData(bytes, hash);
        return CacheDigest.Read(hash);
    }

    private static bool IsInKey(in CanonicalMember member) => member.Name switch
    {
        MemberName.Model => false,
        MemberName.Provider => member.Type is not JsonTokenType.String,
        MemberName.Stream => false,
        MemberName.StreamOptions => member.HasOtherOptions,
        MemberName.Temperature => member.Type is not JsonTokenType.Null && !(member.Type is JsonTokenType.Number && member.Number == 1),
        _ => true,
    };

    private void Begin(PooledBuffer key, byte tag, in CacheScope scope)
    {
        key.Clear();
        var isStream = _body.TryFind(MemberName.Stream, out var stream) && stream.Type is JsonTokenType.True;
        ReadOnlySpan<byte> head = [Version, tag, isStream ? (byte)1 : (byte)0];
        JsonText.Append(key, head, escaped: false);
        foreach (var part in (ReadOnlySpan<string>)[scope.Workspace, scope.Group, scope.Namespace, scope.Provider, scope.Model, scope.Endpoint])
        {
            var text = key.GetSpan(sizeof(int) + Encoding.UTF8.GetMaxByteCount(part.Length));
            var length = Encoding.UTF8.GetBytes(part, text[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(text, length);
            key.Advance(sizeof(int) + length);
        }
    }

    private void Add(in CanonicalMember member)
    {
        ref readonly var last = ref _body.Last;
        if (member.Name is not MemberName.Messages || !last.IsText)
        {
            var bytes = _body[member.Bytes];
            AddTo(_exact, bytes);
            AddTo(_partition, bytes);
            return;
        }

        // Three parts, each hashed once for both keys: what is before the question, the question, and what is behind it.
        var before = _body[ByteRange.Between(member.Bytes.Offset, last.Content.Offset)];
        var behind = _body[ByteRange.Between(last.Content.End, member.Bytes.End)];
        var start = _exact.Length;
        AddTo(_exact, before);
        AddTo(_exact, behind);
        JsonText.Append(_partition, _exact.WrittenSpan[start..], escaped: false);
        AddTo(_exact, _body[last.Content]);
    }

    // Its length, then itself or its hash: no two lists of members give the same bytes.
    private static void AddTo(PooledBuffer key, ReadOnlySpan<byte> bytes)
    {
        var item = key.GetSpan(sizeof(int) + LongestVerbatim);
        BinaryPrimitives.WriteInt32LittleEndian(item, bytes.Length);
        if (bytes.Length <= LongestVerbatim)
        {
            bytes.CopyTo(item[sizeof(int)..]);
            key.Advance(sizeof(int) + bytes.Length);
            return;
        }

        SHA256.HashData(bytes, item[sizeof(int)..]);
        key.Advance(sizeof(int) + CacheDigest.Size);
    }
}
