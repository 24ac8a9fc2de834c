using System.Text;
using Gateway.Ledger;
using Gateway.Ledger.Spool;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Spool;

[TestFixture]
public sealed class SettlePayloadTests
{
    [TestCase("mem_a")]
    [TestCase(null)]
    public void The_member_comes_back(string? memberId)
    {
        var (call, _) = SettlePayload.Read(Id, Written(memberId));

        Assert.That((call.MemberId, call.KeyId, call.Cost), Is.EqualTo((memberId, "key_1", new Credits(5))));
    }

    [Test]
    public void What_an_earlier_version_wrote_has_no_member()
    {
        var written = Written(memberId: null);

        var (call, streamed) = SettlePayload.Read(Id, written.AsSpan(0, written.Length - sizeof(int)));

        Assert.That((call.MemberId, call.KeyId, streamed), Is.EqualTo(((string?)null, "key_1", true)));
        Assert.That(Encoding.UTF8.GetString(call.Receipt.Span), Is.EqualTo("{}"));
    }

    private static readonly ReceiptId Id = ReceiptId.Create(Calls.Start);

    private static byte[] Written(string? memberId)
    {
        var call = new SettledCall(
            Id, Calls.Account, "ws_1", "key_1", RunId: null, Calls.Start, Calls.Start, Outcome.Complete, new Credits(5), Credits.Zero, [], "{}"u8.ToArray())
        {
            MemberId = memberId,
        };
        var buffer = new byte[SettlePayload.MaxBytes(call)];
        return buffer[..SettlePayload.Write(buffer, call, streamed: true)];
    }
}
