using System.Buffers;

namespace Gateway.Ledger.Spool;

/// <summary>Where the spool is and how it writes.</summary>
/// <param name="Folder">The locked folder.</param>
/// <param name="Durability">What a settlement must survive.</param>
/// <param name="SegmentBytes">The length of a segment file. Unit: bytes; default 16 MiB, about 10,000 calls.</param>
internal sealed record SpoolSettings(string Folder, Durability Durability, int SegmentBytes = 16 << 20);

/// <summary>The journal that makes a settlement durable before the client sees the end of its answer.</summary>
/// <remarks>Records go to a buffer under one lock and from there to the file in order: what nobody waits for goes with the next record that somebody does, or by
/// itself after <see cref="IdleWrite"/>. Under <see cref="Durability.Power"/> one thread writes what has come together and calls <c>fdatasync</c> once for all who
/// wait; it never waits for more to come. Any error closes the spool for good. See <c>docs/decisions/0011-writes-of-the-spool.md</c>.</remarks>
internal sealed class SettlementSpool : IDisposable
{
    /// <summary>Above this the appender itself writes: the bound of the buffer. Unit: bytes.</summary>
    private const int MaxBuffered = 1 << 20;

    // Bounds how long a record that nobody waits for stays in the buffer when nothing follows it.
    private static readonly TimeSpan IdleWrite = TimeSpan.FromMilliseconds(20);

    private readonly SpoolSettings settings;
    private readonly ISpoolFiles files;
    private readonly Lock gate = new();
    private readonly ArrayBufferWriter<byte> buffer = new(64 << 10);
    private readonly AutoResetEvent wake = new(initialState: false);
    private readonly AutoResetEvent prepare = new(initialState: false);
    private readonly List<ISpoolFile> retired = [];
    private readonly SpoolSegments segments;
    private readonly Thread writer;
    private readonly Thread preparer;
    private ISpoolFile file;
    private ISpoolFile? next;
    private long offset;
    private long length;
    private TaskCompletionSource? group;
    private Exception? failure;
    private bool stopping;

    /// <param name="settings">Where and how.</param>
    /// <param name="files">The files.</param>
    /// <param name="firstSegment">The number of the first segment: above every one that was there.</param>
    public SettlementSpool(SpoolSettings settings, ISpoolFiles files, int firstSegment)
    {
        this.settings = settings;
        this.files = files;
        segments = new SpoolSegments(firstSegment);
        length = settings.SegmentBytes;
        file = files.Create(SpoolReader.FileOf(settings.Folder, firstSegment), length);
        preparer = Start(PrepareSegments, "spool segments");
        writer = Start(WriteGroups, "spool writer");
        prepare.Set();
    }

    /// <summary>Whether it takes records.</summary>
    public bool Healthy => Volatile.Read(ref failure) is null;

    /// <summary>The segments that exist, oldest and newest.</summary>
    public (int First, int Last) Segments
    {
        get
        {
            lock (gate)
                return (segments.First, segments.Current);
        }
    }

    /// <summary>From the beginning of the oldest segment that exists to the last record. Unit: bytes; segments that a long record made longer count as the others.</summary>
    public long Size
    {
        get
        {
            lock (gate)
                return ((long)(segments.Current - segments.First) * settings.SegmentBytes) + offset + buffer.WrittenCount;
        }
    }

    /// <summary>Appends a record that nobody waits for: it may be lost with this process for a moment. It reaches the file before any later record does.</summary>
    /// <exception cref="IOException">The spool has failed.</exception>
    public void Append(Hold hold, RecordKind kind, ReadOnlySpan<byte> payload)
    {
        lock (gate)
        {
            Buffer(hold, kind, payload);
            if (buffer.WrittenCount > MaxBuffered)
                WriteBuffer();
        }
    }

    /// <summary>Appends a record and hands it to the operating system before it returns.</summary>
    /// <exception cref="IOException">The spool has failed.</exception>
    public void AppendNow(Hold hold, RecordKind kind, ReadOnlySpan<byte> payload)
    {
        lock (gate)
        {
            Buffer(hold, kind, payload);
            WriteBuffer();
        }
    }

    /// <summary>Appends a record; the task ends when it is as durable as the settings ask.</summary>
    /// <exception cref="IOException">The spool has failed.</exception>
    public Task AppendDurablyAsync(Hold hold, RecordKind kind, ReadOnlySpan<byte> payload)
    {
        Task durable;
        lock (gate)
        {
            Buffer(hold, kind, payload);
            if (settings.Durability == Durability.Process)
            {
                WriteBuffer();
                return Task.CompletedTask;
            }

            group ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            durable = group.Task;
        }

        wake.Set();
        return durable;
    }

    /// <summary>The calls are recorded: segments that no call needs any more are deleted.</summary>
    public void Unpin(IEnumerable<(int First, int Last)> recorded)
    {
        var dropped = new List<int>();
        lock (gate)
        {
            foreach (var range in recorded)
                segments.Unpin(range);
            while (segments.TryDrop(out var segment))
                dropped.Add(segment);
        }

        foreach (var segment in dropped)
            File.Delete(SpoolReader.FileOf(settings.Folder, segment));
    }

    /// <summary>Writes what is buffered and stops. What is not recorded stays for the next start.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping)
                return;
            stopping = true;
        }

        wake.Set();
        prepare.Set();
        writer.Join();
        preparer.Join();
        lock (gate)
        {
            if (failure is null)
                CloseFile();
            next?.Dispose();
        }

        wake.Dispose();
        prepare.Dispose();
    }

    private static Thread Start(ThreadStart work, string name)
    {
        var thread = new Thread(work) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Buffer(Hold hold, RecordKind kind, ReadOnlySpan<byte> payload)
    {
        ThrowIfFailed();
        ObjectDisposedException.ThrowIf(stopping, this);
        var bytes = SpoolRecord.HeaderBytes + SpoolRecord.PrefixBytes + payload.Length;
        if (bytes > SpoolRecord.MaxBytes)
            throw new ArgumentException($"A spool record of {bytes} bytes is above {SpoolRecord.MaxBytes}.", nameof(payload));

        if (offset + buffer.WrittenCount + bytes > length)
            Roll(bytes);
        SpoolRecord.Write(buffer, kind, hold.ReceiptId, payload);
        hold.PinnedSegments = segments.Pin(hold.PinnedSegments);
    }

    private void WriteBuffer()
    {
        ThrowIfFailed();
        if (buffer.WrittenCount == 0)
            return;

        try
        {
            file.Write(buffer.WrittenSpan, offset);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Fail(exception);
        }

        offset += buffer.WrittenCount;
        buffer.ResetWrittenCount();
    }

    // Under Power the old file is on the disk before the new one is written: only the newest segment can end in a torn record.
    private void Roll(int bytes)
    {
        WriteBuffer();
        try
        {
            if (settings.Durability == Durability.Power)
                file.Flush();

            retired.Add(file);
            if (next is null || bytes > settings.SegmentBytes)
            {
                next?.Dispose();
                File.Delete(SpoolReader.FileOf(settings.Folder, segments.Current + 1));
                length = Math.Max(settings.SegmentBytes, bytes);
                next = files.Create(SpoolReader.FileOf(settings.Folder, segments.Current + 1), length);
            }
            else
            {
                length = settings.SegmentBytes;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Fail(exception);
        }

        file = next;
        next = null;
        offset = 0;
        segments.Roll();
        while (segments.TryDrop(out var segment))
            File.Delete(SpoolReader.FileOf(settings.Folder, segment));
        prepare.Set();
    }

    private void CloseFile()
    {
        try
        {
            WriteBuffer();
            file.Flush();
        }
        catch (IOException exception)
        {
            Fail(exception);
        }

        file.Dispose();
        DisposeRetired();
    }

    private void DisposeRetired()
    {
        foreach (var old in retired)
            old.Dispose();
        retired.Clear();
    }

    private void WriteGroups()
    {
        while (true)
        {
            wake.WaitOne(IdleWrite);
            TaskCompletionSource? waiting;
            ISpoolFile target;
            lock (gate)
            {
                waiting = group;
                group = null;
                target = file;
                if (waiting is null && stopping)
                    return;
                try
                {
                    if (failure is null)
                        WriteBuffer();
                    DisposeRetired();
                }
                catch (IOException)
                {
                    // Noted by Fail; whoever waits is told below.
                }
            }

            if (waiting is not null)
                Complete(waiting, target);
        }
    }

    private void Complete(TaskCompletionSource waiting, ISpoolFile target)
    {
        try
        {
            ThrowIfFailed();
            target.Flush();
            waiting.SetResult();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Disposed: a write failed at the same time and closed the file.
            lock (gate)
                waiting.SetException(Fail(exception));
        }
    }

    // A page that the disk refused once may be dropped and reported clean later, so nothing is ever written to this spool again.
    private IOException Fail(Exception exception)
    {
        var first = failure is null;
        failure ??= exception;
        if (first)
        {
            file.Dispose();
            buffer.ResetWrittenCount();
            group?.TrySetException(Failure());
            group = null;
        }

        return Failure();
    }

    private IOException Failure() => new($"The spool in '{settings.Folder}' has failed and takes no more records.", failure);

    private void ThrowIfFailed()
    {
        if (failure is not null)
            throw Failure();
    }

    private void PrepareSegments()
    {
        while (prepare.WaitOne())
        {
            int number;
            lock (gate)
            {
                if (stopping || failure is not null)
                    return;
                if (next is not null)
                    continue;
                number = segments.Current + 1;
            }

            Prepare(number);
        }
    }

    // Made outside the lock under another name; a roll in the meantime makes its own.
    private void Prepare(int number)
    {
        var path = SpoolReader.FileOf(settings.Folder, number);
        var draft = path + ".new";
        try
        {
            File.Delete(draft);
            var made = files.Create(draft, settings.SegmentBytes);
            lock (gate)
            {
                if (!stopping && next is null && segments.Current + 1 == number)
                {
                    File.Move(draft, path, overwrite: true);
                    LinuxDisk.FlushFolder(settings.Folder);
                    next = made;
                    return;
                }
            }

            made.Dispose();
            File.Delete(draft);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            lock (gate)
                Fail(exception);
        }
    }
}
