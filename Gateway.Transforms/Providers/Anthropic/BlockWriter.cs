using System.Buffers;

namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Writes content blocks, and begins a message where the role changes: Anthropic takes neighbours of one role as one message.</summary>
internal ref struct BlockWriter
{
    /// <summary>Blocks of the user.</summary>
    public const byte User = 1;

    /// <summary>Blocks of the model.</summary>
    public const byte Assistant = 2;

    /// <summary>Blocks that belong to no message.</summary>
    public const byte System = 3;

    private readonly ReadOnlySpan<byte> _start;
    private byte _role;

    /// <param name="output">Receives them.</param>
    public BlockWriter(IBufferWriter<byte> output)
        : this(output, ",\"messages\":["u8)
    {
    }

    /// <param name="output">Receives them.</param>
    /// <param name="start">What stands before the first.</param>
    public BlockWriter(IBufferWriter<byte> output, ReadOnlySpan<byte> start)
    {
        Output = output;
        _start = start;
    }

    /// <summary>Where a block is written, after <see cref="Begin"/>.</summary>
    public IBufferWriter<byte> Output { get; }

    /// <summary>Whether there was no block.</summary>
    public readonly bool IsEmpty => _role == 0;

    /// <summary>Says that a block of this role follows.</summary>
    public void Begin(byte role)
    {
        if (role == _role)
        {
            Output.Write(","u8);
            return;
        }

        Output.Write(_role == 0 ? _start : "]},"u8);
        if (role != System)
            Output.Write(role == User ? "{\"role\":\"user\",\"content\":["u8 : "{\"role\":\"assistant\",\"content\":["u8);
        _role = role;
    }

    /// <summary>Says that a tool call follows.</summary>
    public void BeginCall() => Begin(Assistant);

    /// <summary>Closes the last message.</summary>
    public readonly void End()
    {
        if (_role is User or Assistant)
            Output.Write("]}]"u8);
    }
}
