namespace Gateway.Transforms.Compression;

/// <summary>Follows Markdown code fences from line to line, so that code is copied as it is.</summary>
/// <remarks>https://spec.commonmark.org/0.31.2/#fenced-code-blocks; a fence may be indented by any number of spaces here: lists indent them.</remarks>
internal struct Fence
{
    private byte _mark;

    /// <summary>True if the line belongs to a fenced block, its first and last line included.</summary>
    public bool Covers(ReadOnlySpan<byte> line)
    {
        var start = line.TrimStart((byte)' ');
        var isMark = start.StartsWith("```"u8) || start.StartsWith("~~~"u8);
        if (_mark == 0)
        {
            if (isMark) _mark = start[0];
            return isMark;
        }

        // Only the mark alone closes: "```python" inside a block is part of it.
        if (isMark && start[0] == _mark && start.TrimEnd(" \t\r"u8).TrimEnd(_mark).IsEmpty) _mark = 0;
        return true;
    }
}
