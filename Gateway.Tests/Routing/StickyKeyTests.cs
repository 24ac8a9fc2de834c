using System.Text;
using Gateway.Host.Routing;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Routing;

internal sealed class StickyKeyTests
{
    private static readonly string Long = new('x', 5000);
    private static readonly string System = Message("system", Long);

    // Vectors of the reference implementation with seed 0: https://github.com/Cyan4973/xxHash.
    [TestCase("", 0xEF46DB3751D8E999UL)]
    [TestCase("a", 0xD24EC4F1A98C6E5BUL)]
    [TestCase("abc", 0x44BC2CF5AD770999UL)]
    [TestCase("xxhash", 0x32DD38952C4BC720UL)]
    [TestCase("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1UL)]
    public void The_hash_is_the_published_one(string text, ulong expected) => Assert.That(XxHash64.Hash(Encoding.UTF8.GetBytes(text), 0), Is.EqualTo(expected));

    [Test]
    public void All_turns_of_a_conversation_agree()
    {
        var first = Of(Chat(System, Message("user", "hello")));
        var third = Of(Chat(System, Message("user", "hello"), Message("assistant", "hi"), Message("user", "and now?")));

        Assert.That(third, Is.EqualTo(first));
        Assert.That(first.IsSticky, Is.True);
        Assert.That(first, Is.EqualTo(new StickyKey(PinnedValue)), "Another gateway, or the next version of this one, must agree.");
    }

    [Test]
    public void Conversations_keys_models_and_tools_are_told_apart()
    {
        StickyKey[] keys =
        [
            Of(Chat(System, Message("user", "hello"))), Of(Chat(System, Message("user", "hullo"))), Of(Chat(Message("system", $"{Long}!"), Message("user", "hello"))),
            Of(Chat(System, Message("user", "hello")), key: "key_2"), Of(Chat(System, Message("user", "hello")).Replace("\"m\"", "\"m2\"")),
            Of(Chat(System, Message("user", "hello")).Replace("{\"model\"", "{\"tools\":[{\"type\":\"function\"}],\"model\"")),
        ];

        Assert.That(keys.Distinct().Count(), Is.EqualTo(keys.Length));
    }

    [TestCase(StickyKey.LeastBytes - 1, false)]
    [TestCase(StickyKey.LeastBytes, true)]
    public void Short_bodies_prefer_no_channel(int bytes, bool sticky)
    {
        var frame = Chat(Message("user", "")).Length;

        Assert.That(Of(Chat(Message("user", new string('x', bytes - frame)))).IsSticky, Is.EqualTo(sticky));
    }

    [Test]
    public void The_role_may_stand_behind_the_content_and_a_nested_role_is_none()
    {
        var early = $$"""{"content":"{{Long}}","role":"user"}""";
        var nested = $$"""{"role":"system","content":[{"role":"user","text":"{{Long}}"}]}""";

        Assert.That(Of(Chat(early, Message("assistant", "1"))), Is.EqualTo(Of(Chat(early, Message("assistant", "2")))));
        Assert.That(Of(Chat(nested, Message("user", "1"))), Is.Not.EqualTo(Of(Chat(nested, Message("user", "2")))));
    }

    [Test]
    public void Beyond_64_KiB_nothing_tells_conversations_apart()
    {
        var document = new string('d', 70_000);

        Assert.That(Of(Chat(Message("user", $"{document}1"))), Is.EqualTo(Of(Chat(Message("user", $"{document}2")))));
        Assert.That(Of(Chat(Message("user", $"1{document}"))), Is.Not.EqualTo(Of(Chat(Message("user", $"2{document}")))));
    }

    [TestCase("/v1/embeddings", "input")]
    [TestCase("/v1/completions", "prompt")]
    public void Without_messages_the_start_of_the_prompt_counts(string path, string member)
    {
        var kind = CallKind.All.Single(kind => kind.Path == path);
        StickyKey Prompt(string text) => Of($$"""{"model":"m","other":[{"input":1}],"{{member}}":"{{text}}"}""", kind: kind);

        Assert.That(Prompt($"{Long}1"), Is.EqualTo(Prompt($"{Long}2")));
        Assert.That(Prompt($"1{Long}"), Is.Not.EqualTo(Prompt($"2{Long}")));
    }

    [Test]
    public void Input_items_are_read_like_messages_behind_the_instructions()
    {
        StickyKey Items(string instructions, params string[] items) =>
            Of($$"""{"model":"m","input":[{{string.Join(',', items)}}],"instructions":"{{instructions}}"}""", kind: CallKind.Responses);

        Assert.That(Items("a", Message("user", Long), Message("user", "1")), Is.EqualTo(Items("a", Message("user", Long), Message("user", "2"))));
        Assert.That(Items("a", Message("user", Long)), Is.Not.EqualTo(Items("b", Message("user", Long))));
    }

    [Test]
    public void Texts_without_roles_are_told_apart_by_their_first_4_KiB()
    {
        StickyKey Texts(string first, string last) => Of($$"""{"model":"m","input":["{{first}}","{{Long}}","{{last}}"]}""", kind: CallKind.Embedding);

        Assert.That(Texts("a", "1"), Is.EqualTo(Texts("a", "2")));
        Assert.That(Texts("a", "1"), Is.Not.EqualTo(Texts("b", "1")));
    }

    [Test]
    public void The_system_prompt_of_an_Anthropic_request_counts()
    {
        StickyKey System(string text) => Of($$"""{"model":"m","max_tokens":9,"system":"{{text}}","messages":[{{Message("user", Long)}}]}""", kind: CallKind.Messages);

        Assert.That(System("a"), Is.Not.EqualTo(System("b")));
    }

    [Test]
    public void A_body_that_is_not_JSON_prefers_no_channel() =>
        Assert.That(StickyKey.Of("key_1", new RequestIndex(), new byte[StickyKey.LeastBytes]), Is.EqualTo(StickyKey.None));

    private const ulong PinnedValue = 5_102_533_255_639_088_256;

    private static string Message(string role, string content) => $$"""{"role":"{{role}}","content":"{{content}}"}""";

    private static string Chat(params string[] messages) => $$"""{"model":"m","messages":[{{string.Join(',', messages)}}]}""";

    private static StickyKey Of(string body, string key = "key_1", CallKind? kind = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var index = new RequestIndex { Kind = kind ?? CallKind.Chat };
        Assert.That(index.TryRead(bytes, out var error), Is.True, error.Message);
        return StickyKey.Of(key, index, bytes);
    }
}
