using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Routing;

/// <summary>What the turns of one conversation have in common: they prefer one channel, so that the provider's prompt cache stays warm.</summary>
/// <param name="Value">A hash that is the same in every process; 0: the call prefers no channel.</param>
internal readonly record struct StickyKey(ulong Value)
{
    /// <summary>Shorter bodies prefer no channel: providers cache prompts from about 1,024 tokens on. Unit: bytes.</summary>
    /// <remarks>Source: https://platform.openai.com/docs/guides/prompt-caching, "Requirements".</remarks>
    public const int LeastBytes = 4096;

    // Conversations that agree so far share their cached prefix anyway.
    private const int MostConversationBytes = 64 * 1024;
    private const int MostPromptBytes = 4096;

    /// <summary>The key of a call that prefers no channel.</summary>
    public static StickyKey None => default;

    /// <summary>Whether the call prefers a channel.</summary>
    public bool IsSticky => Value != 0;

    /// <summary>Reads the key from a request: who calls, the model, the tools, the instructions, and the conversation up to the end of the first user's message.</summary>
    /// <param name="keyId">The caller's key.</param>
    /// <param name="index">Read from <paramref name="body"/>.</param>
    /// <param name="body">The client's bytes, before rules change them: trimming would move the start of a conversation.</param>
    public static StickyKey Of(string keyId, RequestIndex index, ReadOnlySpan<byte> body)
    {
        var isJson = index.AfterOpeningBrace > 0;
        if (body.Length < LeastBytes || !isJson)
            return None;

        var hash = Add(Add(0, keyId), index.Model);
        hash = Add(hash, index.ToolsValue, body);
        hash = Add(hash, index.SystemValue, body);
        hash = Add(hash, index.InstructionsValue, body);
        hash = XxHash64.Hash(Start(PromptOf(index).Of(body)), hash);
        return new StickyKey(hash == 0 ? 1 : hash);
    }

    private static ulong Add(ulong hash, string text) => XxHash64.Hash(MemoryMarshal.AsBytes(text.AsSpan()), hash);

    private static ulong Add(ulong hash, ByteRange value, ReadOnlySpan<byte> body) => value.IsPresent ? XxHash64.Hash(value.Of(body), hash) : hash;

    private static ByteRange PromptOf(RequestIndex index) =>
        index.MessagesValue.IsPresent ? index.MessagesValue : index.InputValue.IsPresent ? index.InputValue : index.PromptValue;

    private static ReadOnlySpan<byte> Start(ReadOnlySpan<byte> prompt)
    {
        if (prompt.Length == 0 || prompt[0] != '[')
            return prompt[..Math.Min(prompt.Length, MostPromptBytes)];

        var some = prompt[..Math.Min(prompt.Length, MostConversationBytes)];
        var end = EndOfFirstUserMessage(some);
        return some[..(end ?? Math.Min(some.Length, MostPromptBytes))];
    }

    // Null if there is none. The bytes may end anywhere: then the first user's message has no end in them, and they are all part of the key.
    private static int? EndOfFirstUserMessage(ReadOnlySpan<byte> messages)
    {
        const int OfMessage = 1;
        var reader = new Utf8JsonReader(messages, isFinalBlock: false, state: default);
        var isUser = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == OfMessage && isUser)
                return (int)reader.BytesConsumed;
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == OfMessage + 1 && reader.ValueTextEquals("role"u8))
                isUser = reader.Read() && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("user"u8);
        }

        return reader.CurrentDepth == 0 ? null : messages.Length;
    }
}
