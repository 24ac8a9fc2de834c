using Gateway.Ledger;
using Gateway.Ledger.Spool;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Spool;

[TestFixture]
public sealed class SettlementSpoolTests
{
    private const int Small = 4096;
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("spool").FullName;

    [TearDown]
    public void DropFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task What_was_written_is_read_back_in_order([Values] Durability durability)
    {
        var (hold, payloads) = (NewHold(), Enumerable.Range(1, 40).Select(n => new byte[n * 7]).ToArray());
        using (var spool = Open(durability))
        {
            foreach (var payload in payloads)
            {
                Random.Shared.NextBytes(payload);
                await spool.AppendDurablyAsync(hold, RecordKind.Settle, payload);
            }

            spool.AppendNow(hold, RecordKind.Delivering, []);
        }

        var read = SpoolReader.Read(folder).Select(record => (record.Kind, record.Id, Payload: record.Payload.ToArray())).ToList();

        Assert.That(read.Take(40).Select(record => record.Payload), Is.EqualTo(payloads));
        Assert.That(read[40].Kind, Is.EqualTo(RecordKind.Delivering));
        Assert.That(read.TrueForAll(record => record.Id == hold.ReceiptId));
        Assert.That(SpoolReader.Segments(folder), Has.Count.GreaterThan(1));
    }

    [Test]
    public void A_torn_last_record_is_left_out_wherever_it_was_cut([Values] bool zeroed)
    {
        var end = WriteThree();
        var file = SpoolReader.FileOf(folder, 0);
        var whole = File.ReadAllBytes(file);
        var start = end - SpoolRecord.HeaderBytes - SpoolRecord.PrefixBytes - 30;
        for (var cut = start; cut < end; cut++)
        {
            var torn = zeroed ? [.. whole[..cut], .. new byte[whole.Length - cut]] : whole[..cut];
            File.WriteAllBytes(file, torn);

            Assert.That(SpoolReader.Read(folder).Count(), Is.EqualTo(2), $"Cut at {cut}.");
        }
    }

    [Test]
    public void A_damaged_record_in_the_middle_is_reported_with_file_and_offset()
    {
        WriteThree();
        var file = SpoolReader.FileOf(folder, 0);
        var bytes = File.ReadAllBytes(file);
        bytes[40] ^= 1;
        File.WriteAllBytes(file, bytes);

        Assert.That(
            () => SpoolReader.Read(folder).Count(),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(file).And.Message.Contains("offset 0"));
    }

    [Test]
    public void A_second_gateway_is_refused()
    {
        using var first = SpoolLock.Take(folder);

        Assert.That(() => SpoolLock.Take(folder), Throws.TypeOf<SpoolInUseException>().With.Message.Contains("Gateway__Spool"));
    }

    [Test]
    public async Task A_segment_goes_when_all_its_calls_are_recorded_oldest_first()
    {
        using var spool = Open(Durability.Process);
        var holds = new List<Hold>();
        while (spool.Segments.Last < 3)
        {
            holds.Add(NewHold());
            await spool.AppendDurablyAsync(holds[^1], RecordKind.Settle, new byte[1000]);
        }

        var oldest = holds[0];
        spool.Unpin(holds.Skip(1).Select(hold => hold.PinnedSegments!.Value));
        Assert.That(spool.Segments.First, Is.Zero, "The first call is not recorded yet.");
        spool.Unpin([oldest.PinnedSegments!.Value]);

        Assert.That(spool.Segments, Is.EqualTo((3, 3)));
        Assert.That(File.Exists(SpoolReader.FileOf(folder, 2)), Is.False);
        Assert.That(File.Exists(SpoolReader.FileOf(folder, 3)), Is.True);
    }

    [Test]
    public async Task Everyone_who_waits_is_told_after_one_flush_or_a_few()
    {
        var files = new FaultyFiles();
        using var spool = new SettlementSpool(new SpoolSettings(folder, Durability.Power), files, 0);

        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => spool.AppendDurablyAsync(NewHold(), RecordKind.Settle, new byte[100])));

        Assert.That(files.Flushes, Is.InRange(1, 500));
        Assert.That(SpoolReader.Read(folder).Count(), Is.EqualTo(500));
    }

    [Test]
    public void An_error_closes_the_spool_for_good()
    {
        var files = new FaultyFiles { FailFlush = true };
        using var spool = new SettlementSpool(new SpoolSettings(folder, Durability.Power), files, 0);

        Assert.That(() => spool.AppendDurablyAsync(NewHold(), RecordKind.Settle, [1]), Throws.TypeOf<IOException>());
        files.FailFlush = false;

        Assert.That(spool.Healthy, Is.False);
        Assert.That(() => spool.Append(NewHold(), RecordKind.Intent, [1]), Throws.TypeOf<IOException>());
    }

    private static Hold NewHold() => new(Calls.Request(1), new Credits(1), [], default, Calls.Start);

    private SettlementSpool Open(Durability durability) => new(new SpoolSettings(folder, durability, Small), new DiskSpoolFiles(durability), 0);

    // Three records of 30 bytes that are not zero; returns the end of the last.
    private int WriteThree()
    {
        using var spool = Open(Durability.Process);
        for (var i = 0; i < 3; i++)
            spool.Append(NewHold(), RecordKind.Settle, Enumerable.Repeat((byte)7, 30).ToArray());
        return 3 * (SpoolRecord.HeaderBytes + SpoolRecord.PrefixBytes + 30);
    }
}
