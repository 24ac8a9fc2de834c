using System.Buffers.Binary;

namespace Gateway.Ledger.Spool;

/// <summary>One record as read; the payload is valid until the next one is asked for.</summary>
internal readonly record struct ReadRecord(int Segment, int Offset, RecordKind Kind, ReceiptId Id, ReadOnlyMemory<byte> Payload);

/// <summary>Reads what a spool left behind, one segment in memory at a time.</summary>
internal static class SpoolReader
{
    private const string Extension = ".spool";

    /// <summary>The segments of a folder, oldest first.</summary>
    public static IReadOnlyList<int> Segments(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*" + Extension)
            .Select(static file => int.TryParse(Path.GetFileNameWithoutExtension(file), out var number) ? number : -1)
            .Where(static number => number >= 0)
            .Order()];

    /// <summary>The file of a segment.</summary>
    public static string FileOf(string folder, int segment) => Path.Combine(folder, segment.ToString("D10") + Extension);

    /// <summary>Every record, oldest first. A record that was cut off at the very end (the process or the machine died in its write) ends the reading.</summary>
    /// <exception cref="InvalidDataException">A record elsewhere is damaged: file and offset are in the message.</exception>
    public static IEnumerable<ReadRecord> Read(string folder) => Read(folder, Segments(folder));

    /// <summary>The records of these segments, which are given oldest first.</summary>
    /// <exception cref="InvalidDataException">A record elsewhere than at the very end is damaged.</exception>
    public static IEnumerable<ReadRecord> Read(string folder, IReadOnlyList<int> oldestFirst)
    {
        var segments = oldestFirst.ToList();

        // The next segment is made ahead of its use; an empty one does not make its predecessor a finished one.
        while (segments.Count > 1 && IsEmpty(FileOf(folder, segments[^1])))
            segments.RemoveAt(segments.Count - 1);

        for (var i = 0; i < segments.Count; i++)
        {
            foreach (var record in ReadSegment(FileOf(folder, segments[i]), segments[i], isLast: i == segments.Count - 1))
                yield return record;
        }
    }

    /// <summary>Cuts off a torn record at the very end, so that newer segments may follow and a later reading still tells torn from damaged.</summary>
    public static void SealTail(string folder)
    {
        var segments = Segments(folder).ToList();
        while (segments.Count > 0 && IsEmpty(FileOf(folder, segments[^1])))
            segments.RemoveAt(segments.Count - 1);
        if (segments.Count == 0)
            return;

        var last = segments[^1];
        var end = 0;
        foreach (var record in ReadSegment(FileOf(folder, last), last, isLast: true))
            end = record.Offset + SpoolRecord.HeaderBytes + SpoolRecord.PrefixBytes + record.Payload.Length;
        using var file = new FileStream(FileOf(folder, last), FileMode.Open, FileAccess.ReadWrite);
        file.SetLength(end);
        file.Flush(flushToDisk: true);
    }

    private static IEnumerable<ReadRecord> ReadSegment(string file, int segment, bool isLast)
    {
        var bytes = File.ReadAllBytes(file);
        var offset = 0;
        while (LengthAt(bytes, offset) != 0)
        {
            if (!IsWhole(bytes, offset, out var next))
            {
                if (isLast && !(next is { } after && IsWhole(bytes, after, out _)))
                    yield break;
                throw new InvalidDataException(
                    $"The spool is damaged: {file} at offset {offset} has a record whose checksum is wrong. Nothing was replayed from there on; keep the file.");
            }

            var body = bytes.AsMemory(offset + SpoolRecord.HeaderBytes, next!.Value - offset - SpoolRecord.HeaderBytes);
            yield return new ReadRecord(
                segment, offset, (RecordKind)body.Span[0], new ReceiptId(new Guid(body.Span.Slice(1, 16))), body[SpoolRecord.PrefixBytes..]);
            offset = next.Value;
        }
    }

    private static int LengthAt(byte[] bytes, int offset) =>
        offset + sizeof(int) <= bytes.Length ? BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset)) : 0;

    // next: where the record would end, if its length makes sense.
    private static bool IsWhole(byte[] bytes, int offset, out int? next)
    {
        next = null;
        var length = LengthAt(bytes, offset);
        var start = offset + SpoolRecord.HeaderBytes;
        if (length < SpoolRecord.PrefixBytes || length > bytes.Length - start)
            return false;

        next = start + length;
        return SpoolRecord.Checksum(length, bytes.AsSpan(start, length)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset + 4));
    }

    private static bool IsEmpty(string file)
    {
        using var stream = File.OpenRead(file);
        Span<byte> head = stackalloc byte[SpoolRecord.HeaderBytes];
        var read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return read < sizeof(int) || BinaryPrimitives.ReadInt32LittleEndian(head) == 0;
    }
}
