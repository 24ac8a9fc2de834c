using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Which steps a block goes through, by its kind, who wrote it, and the strength.</summary>
internal static class Pipelines
{
    /// <summary>Runs the steps. The result may equal the input; nothing is checked here.</summary>
    /// <param name="kind">What the block is, as the role sees it: see <see cref="KindFor"/>.</param>
    /// <param name="role">Who wrote it.</param>
    /// <param name="strength">Light or stronger.</param>
    /// <param name="block">The block.</param>
    /// <param name="buffers">Two buffers to work in.</param>
    /// <returns>What the last step wrote, until the buffers are used again; empty where no step applies.</returns>
    public static ReadOnlySpan<byte> Run(BlockKind kind, BlockRole role, Strength strength, ReadOnlySpan<byte> block, StepBuffers buffers)
    {
        switch (kind)
        {
            case BlockKind.Table:
                return default;
            case BlockKind.JsonLines:
                JsonMinifier.WriteLines(block, buffers.Next());
                return buffers.Written;
            case BlockKind.Json:
                return Json(role, strength, block, buffers);
            case BlockKind.Diff:
                if (strength < Strength.Medium) return default;
                DiffSlimmer.Write(block, buffers.Next());
                return buffers.Written;
            case BlockKind.Html:
                return Html(strength, block, buffers);
            case BlockKind.Log:
                return Log(strength, block, buffers);
            default:
                return Text(role, strength, block, buffers);
        }
    }

    /// <summary>The kind that counts: instructions are text or JSON, whatever they show as an example.</summary>
    public static BlockKind KindFor(BlockRole role, ReadOnlySpan<byte> block)
    {
        var kind = BlockKinds.Of(block);
        return role == BlockRole.Tool || kind is BlockKind.Json ? kind : BlockKind.Text;
    }

    private static ReadOnlySpan<byte> Json(BlockRole role, Strength strength, ReadOnlySpan<byte> block, StepBuffers buffers)
    {
        JsonMinifier.Write(block, buffers.Next());
        if (role == BlockRole.Tool && strength == Strength.Aggressive) JsonSampler.Write(buffers.Written, buffers.Next());
        return buffers.Written;
    }

    private static ReadOnlySpan<byte> Html(Strength strength, ReadOnlySpan<byte> block, StepBuffers buffers)
    {
        if (strength < Strength.Medium)
        {
            TextNormaliser.Write(block, BlockRole.Tool, buffers.Next());
            return buffers.Written;
        }

        // Behind a program's own output, a page starts on a line of its own.
        var page = HtmlTag.PageStart(block.TrimStart(" \t\r\n"u8)) + block.Length - block.TrimStart(" \t\r\n"u8).Length;
        var output = buffers.Next();
        output.Write(block[..page]);
        HtmlText.Write(block[page..], output);
        TextNormaliser.Write(buffers.Written, BlockRole.Tool, buffers.Next());
        if (strength == Strength.Aggressive) WordRules.Write(buffers.Written, buffers.Next());
        return buffers.Written;
    }

    // Templates first: they see each line as it was written, with its date.
    private static ReadOnlySpan<byte> Log(Strength strength, ReadOnlySpan<byte> block, StepBuffers buffers)
    {
        TextNormaliser.Write(block, BlockRole.Tool, buffers.Next());
        if (strength == Strength.Aggressive) LogTemplates.Write(buffers.Written, buffers.Next());
        if (strength >= Strength.Medium) LogFolder.Write(buffers.Written, buffers.Next());
        return buffers.Written;
    }

    private static ReadOnlySpan<byte> Text(BlockRole role, Strength strength, ReadOnlySpan<byte> block, StepBuffers buffers)
    {
        TextNormaliser.Write(block, role, buffers.Next());
        if (strength < Strength.Medium) return buffers.Written;
        if (role == BlockRole.Tool) FrameFolder.Write(buffers.Written, buffers.Next());
        LineDeduper.Write(buffers.Written, role, buffers.Next());
        if (role == BlockRole.System) PhraseRewriter.Write(buffers.Written, buffers.Next());
        if (strength == Strength.Aggressive) WordRules.Write(buffers.Written, buffers.Next());
        return buffers.Written;
    }
}

/// <summary>Two buffers that steps write to in turn: one step's output is the next one's input.</summary>
internal sealed class StepBuffers(PooledBuffer first, PooledBuffer second)
{
    private PooledBuffer _current = second;
    private PooledBuffer _other = first;

    /// <summary>What the last step wrote.</summary>
    public ReadOnlySpan<byte> Written => _current.WrittenSpan;

    /// <summary>The buffer that the next step writes to, empty.</summary>
    public PooledBuffer Next()
    {
        (_current, _other) = (_other, _current);
        _current.Clear();
        return _current;
    }
}
