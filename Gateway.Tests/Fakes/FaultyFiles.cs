using Gateway.Ledger.Spool;

namespace Gateway.Tests.Fakes;

/// <summary>The disk, with a switch that makes its flushes and writes fail.</summary>
internal sealed class FaultyFiles : ISpoolFiles
{
    private readonly DiskSpoolFiles disk = new(Gateway.Ledger.Durability.Power);
    private int flushes;

    public bool FailFlush { get; set; }

    public int Flushes => flushes;

    public ISpoolFile Create(string path, long length) => new FaultyFile(this, disk.Create(path, length));

    private sealed class FaultyFile(FaultyFiles owner, ISpoolFile file) : ISpoolFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Flush()
        {
            Interlocked.Increment(ref owner.flushes);
            if (owner.FailFlush)
                throw new IOException("EIO");
            file.Flush();
        }

        public void Dispose() => file.Dispose();
    }
}
