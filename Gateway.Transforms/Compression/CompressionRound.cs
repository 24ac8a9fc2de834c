using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>One attempt at a block with each strength, from the one that was asked for down to light, until a result is fit to be sent.</summary>
internal ref struct CompressionRound
{
    private readonly ReadOnlySpan<byte> _block;
    private readonly BlockRole _role;
    private readonly BlockTokenCounts _counts;
    private readonly BlockKind _kind;
    private readonly StepBuffers _buffers;

    public CompressionRound(ReadOnlySpan<byte> block, BlockRole role, BlockTokenCounts counts, PooledBuffer first, PooledBuffer second)
    {
        _block = block;
        _role = role;
        _counts = counts;
        _buffers = new StepBuffers(first, second);
        _kind = IsLargeEnough ? Pipelines.KindFor(role, block) : BlockKind.Text;
    }

    /// <summary>What stands for the block, in one of the buffers.</summary>
    public ReadOnlySpan<byte> Result { get; private set; }

    public Strength Applied { get; private set; }

    public int TokensBefore { get; private set; }

    public int TokensAfter { get; private set; }

    private readonly bool IsLargeEnough => _block.Length >= (_role == BlockRole.System ? BlockCompressor.LeastSystemBytes : BlockCompressor.LeastToolBytes);

    /// <summary>True if a result is smaller and sound.</summary>
    public bool TryRun(Strength strongest)
    {
        if (!IsLargeEnough) return false;
        for (var strength = strongest; strength > Strength.Off; strength--)
        {
            if (!TryStrength(strength)) continue;
            Applied = strength;
            return true;
        }

        return false;
    }

    private bool TryStrength(Strength strength)
    {
        var candidate = Pipelines.Run(_kind, _role, strength, _block, _buffers);
        if (candidate.IsEmpty) return false;
        if (!IsSound(candidate, strength)) return false;
        if (_kind == BlockKind.Json && _role == BlockRole.Tool && strength >= Strength.Medium) return TryTables(candidate);
        return TryTake(candidate);
    }

    private readonly bool IsSound(ReadOnlySpan<byte> candidate, Strength strength)
    {
        if (candidate.SequenceEqual(_block)) return true;
        if (_role == BlockRole.System && !SystemFacts.Same(_block, candidate)) return false;
        return _kind switch
        {
            BlockKind.Json when _role == BlockRole.Tool && strength == Strength.Aggressive => BlockKinds.IsJson(candidate),
            BlockKind.Json => JsonTokens.Same(_block, candidate),
            BlockKind.JsonLines => JsonTokens.SameLines(_block, candidate),
            _ => true,
        };
    }

    // Tables are tried where they have fewer tokens than the JSON that they are made of.
    private bool TryTables(ReadOnlySpan<byte> json)
    {
        var tabled = _buffers.Next();
        if (JsonTable.Write(json, tabled) == 0 || !JsonTableCheck.Same(json, tabled.WrittenSpan)) return TryTake(json);
        var plain = _counts.Count(json);
        var asTable = _counts.Count(tabled.WrittenSpan);
        return asTable < plain ? TryTake(tabled.WrittenSpan) : TryTake(json);
    }

    private bool TryTake(ReadOnlySpan<byte> candidate)
    {
        if (candidate.SequenceEqual(_block)) return false;
        if (TokensBefore == 0) TokensBefore = _counts.Count(_block);
        TokensAfter = _counts.Count(candidate);
        if (TokensAfter >= TokensBefore) return false;
        Result = candidate;
        return true;
    }
}
