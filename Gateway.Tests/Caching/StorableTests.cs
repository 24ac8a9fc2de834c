using Gateway.Transforms;
using Gateway.Transforms.Caching;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class StorableTests
{
    private static readonly ExchangeAnswer Good = new()
    {
        Streamed = false, Body = new byte[10], IsComplete = true, FinishReason = "stop", InputTokens = 1, OutputTokens = 1, UpstreamModel = "echo-1",
    };

    [Test]
    public void A_whole_answer_that_ended_by_itself_is_stored() => Assert.That(Storable.Refused(Good), Is.Null);

    [TestCase("length")]
    [TestCase("content_filter")]
    [TestCase("tool_calls")]
    [TestCase("function_call")]
    [TestCase("error")]
    [TestCase("")]
    [TestCase(null)]
    public void An_answer_that_was_ended_otherwise_is_not(string? reason) => Assert.That(Storable.Refused(Good with { FinishReason = reason }), Is.EqualTo("finish_reason"));

    [Test]
    public void What_is_cut_refused_acting_empty_or_too_long_is_not()
    {
        Assert.That(Storable.Refused(Good with { IsComplete = false }), Is.EqualTo("incomplete"));
        Assert.That(Storable.Refused(Good with { HasRefusal = true }), Is.EqualTo("refusal"));
        Assert.That(Storable.Refused(Good with { HasToolCalls = true }), Is.EqualTo("tool_calls"));
        Assert.That(Storable.Refused(Good with { OutputTokens = 0 }), Is.EqualTo("empty"));
        Assert.That(Storable.Refused(Good with { Body = default }), Is.EqualTo("too_long"));
        Assert.That(Storable.Refused(Good with { Body = new byte[1 << 20] }), Is.Null);
        Assert.That(Storable.Refused(Good with { Body = new byte[(1 << 20) + 1] }), Is.EqualTo("too_long"));
    }

    [TestCase(null, CacheWish.Any)]
    [TestCase("", CacheWish.Any)]
    [TestCase("max-age=0", CacheWish.Any)]
    [TestCase("no-cache", CacheWish.NoCache)]
    [TestCase("max-age=0, No-Cache ", CacheWish.NoCache)]
    [TestCase("no-cache,no-store", CacheWish.NoStore)]
    [TestCase("NO-STORE", CacheWish.NoStore)]
    [TestCase("x-no-store, no-cached", CacheWish.Any)]
    public void The_clients_wish_is_read_as_the_standard_says(string? header, CacheWish wish) => Assert.That(CacheWishReader.Read(header), Is.EqualTo(wish));

    [Test]
    public void Bytes_that_are_no_answer_are_read_as_none()
    {
        var bytes = StoredReplyFormat.Write(Replies.Of("body"));

        Assert.That(StoredReplyFormat.Read(bytes).Text(), Is.EqualTo("body"));
        for (var length = 0; length < bytes.Length - "body".Length; length++)
            Assert.That(StoredReplyFormat.Read(bytes.AsMemory(0, length)), Is.Null);
        Assert.That(StoredReplyFormat.Read(Enumerable.Repeat((byte)1, 100).ToArray()), Is.Null);
        bytes[0] = 2;
        Assert.That(StoredReplyFormat.Read(bytes), Is.Null, "Another version.");
    }
}
