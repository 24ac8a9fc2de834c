using Gateway.Ledger;
using Gateway.Ledger.Spool;
using NUnit.Framework;

namespace Gateway.Tests.Spool;

internal sealed class CheckpointPayloadTests
{
    private static readonly Usage Used = new(1, 2, 3, 4, 5, 6, 7, 8);

    [Test]
    public void All_that_was_used_comes_back() =>
        Assert.That(CheckpointPayload.Read(Written()), Is.EqualTo((new Credits(9), Used)));

    [Test]
    public void What_an_earlier_version_wrote_has_no_sound_and_no_characters() =>
        Assert.That(CheckpointPayload.Read(Written().AsSpan(0, 7 * sizeof(long))), Is.EqualTo((new Credits(9), Used with { AudioMilliseconds = 0, Characters = 0 })));

    private static byte[] Written()
    {
        var payload = new byte[CheckpointPayload.Bytes];
        CheckpointPayload.Write(payload, new Credits(9), Used);
        return payload;
    }
}
