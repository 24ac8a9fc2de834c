using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.Transforms.Compression;

/// <summary>Finds what the requests of one conversation have in common: an id, the end user, or the instructions and tools.</summary>
internal static class ConversationUnits
{
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>The unit of a request.</summary>
    /// <param name="conversation">The client's id of the conversation, or null.</param>
    /// <param name="body">The request.</param>
    /// <param name="texts">Its texts.</param>
    public static ConversationUnit Of(string? conversation, ReadOnlySpan<byte> body, IReadOnlyList<EditableText> texts)
    {
        if (!string.IsNullOrEmpty(conversation)) return new(UnitKind.Conversation, Hash(Encoding.UTF8.GetBytes(conversation)));
        var members = Members.Read(body);
        return members.EndUser.IsEmpty ? new(UnitKind.Slot, HashPrefix(body, texts, members.Tools)) : new(UnitKind.EndUser, Hash(members.EndUser));
    }

    private static ulong HashPrefix(ReadOnlySpan<byte> body, IReadOnlyList<EditableText> texts, ReadOnlySpan<byte> tools)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
            if (text.IsPrefix) hash.AppendData(text.Value.Of(body));
        hash.AppendData(tools);
        return First64(hash.GetHashAndReset());
    }

    private static ulong Hash(ReadOnlySpan<byte> id) => First64(SHA256.HashData(id));

    private static ulong First64(byte[] hash) => BinaryPrimitives.ReadUInt64BigEndian(hash);

    /// <summary>Raw values of top-level members.</summary>
    private readonly ref struct Members
    {
        public ReadOnlySpan<byte> EndUser { get; private init; }

        public ReadOnlySpan<byte> Tools { get; private init; }

        public static Members Read(ReadOnlySpan<byte> body)
        {
            ReadOnlySpan<byte> user = default, metadataUser = default, tools = default;
            var reader = new Utf8JsonReader(body, AnyDepth);
            reader.Read();
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isUser = reader.ValueTextEquals("user"u8);
                var isMetadata = reader.ValueTextEquals("metadata"u8);
                var isTools = reader.ValueTextEquals("tools"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                if (isUser && reader.TokenType is JsonTokenType.String) user = reader.ValueSpan;
                else if (isMetadata && reader.TokenType is JsonTokenType.StartObject) metadataUser = UserId(body, ref reader);
                else reader.Skip();
                if (isTools) tools = body[start..(int)reader.BytesConsumed];
            }

            return new Members { EndUser = user.IsEmpty ? metadataUser : user, Tools = tools };
        }

        private static ReadOnlySpan<byte> UserId(ReadOnlySpan<byte> body, scoped ref Utf8JsonReader reader)
        {
            ReadOnlySpan<byte> id = default;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isId = reader.ValueTextEquals("user_id"u8);
                reader.Read();
                if (isId && reader.TokenType is JsonTokenType.String) id = body[((int)reader.TokenStartIndex + 1)..((int)reader.BytesConsumed - 1)];
                else reader.Skip();
            }

            return id;
        }
    }
}
