using System.Threading.Channels;
using Gateway.Transforms.Streaming;

namespace Gateway.Tests.Streaming;

/// <summary>An upstream's body that a test sends block by block, ends, breaks, or leaves silent.</summary>
internal sealed class ScriptedStream : ReadOnlyStream
{
    private readonly Channel<byte[]> _blocks = Channel.CreateUnbounded<byte[]>();
    private ReadOnlyMemory<byte> _rest;

    public bool IsDisposed { get; private set; }

    public ScriptedStream Send(byte[] block)
    {
        _blocks.Writer.TryWrite(block);
        return this;
    }

    public ScriptedStream End(Exception? fault = null)
    {
        _blocks.Writer.TryComplete(fault);
        return this;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            try
            {
                _rest = await _blocks.Reader.ReadAsync(cancellationToken);
            }
            catch (ChannelClosedException closed)
            {
                return closed.InnerException is { } fault ? throw fault : 0;
            }
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
