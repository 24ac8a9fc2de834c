using System.Text;
using Gateway.Transforms;
using Gateway.Transforms.Caching;

namespace Gateway.Tests.Caching;

/// <summary>Answers and keys for the tests of caches.</summary>
internal static class Replies
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static AnswerKey Key(ulong number, string workspace = "ws_a") => new(workspace, new CacheDigest(number, 2, 3, 4));

    public static StoredReply Of(string body, DateTimeOffset? createdAt = null) => new()
    {
        Streamed = false, Body = Encoding.UTF8.GetBytes(body), InputTokens = 24, OutputTokens = 86, UpstreamModel = "echo-1", CreatedAt = createdAt ?? Start,
    };

    public static StoredReply OfSize(int bytes) => Of(new string('x', bytes));

    public static string Text(this StoredReply? reply) => reply is null ? "" : Encoding.UTF8.GetString(reply.Body.Span);
}
