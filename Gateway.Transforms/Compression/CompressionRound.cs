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

    private enum Outcome
    {
        /// <summary>The result is larger, or lost what it must not lose: a milder strength may do.</summary>
        Rejected,

        /// <summary>Nothing changed. Milder steps are among the stronger ones and would change nothing either.</summary>
        AtRest,

        /// <summary>The result stands for the block.</summary>
        Taken,
    }

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

    /// <summary>The strength that was tried last: that of the result, if there is one.</summary>
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
            Applied = strength;
            switch (Attempt(strength))
            {
                case Outcome.Taken:
                    return true;
                case Outcome.AtRest:
                    return false;
            }
        }

        return false;
    }

    private Outcome Attempt(Strength strength)
    {
        var candidate = Pipelines.Run(_kind, _role, strength, _block, _buffers);
        if (candidate.IsEmpty) return Outcome.AtRest;
        if (!IsSound(candidate, strength)) return Outcome.Rejected;
        if (_kind == BlockKind.Json && _role == BlockRole.Tool && strength >= Strength.Medium) candidate = WithTables(candidate);
        if (candidate.SequenceEqual(_block)) return Outcome.AtRest;
        if (TokensBefore == 0) TokensBefore = _counts.Count(_block);
        TokensAfter = _counts.Count(candidate);
        if (TokensAfter >= TokensBefore) return Outcome.Rejected;
        Result = candidate;
        return Outcome.Taken;
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

    // With tables, where that has fewer tokens than the JSON that they are made of.
    private readonly ReadOnlySpan<byte> WithTables(ReadOnlySpan<byte> json)
    {
        var tabled = _buffers.Next();
        if (JsonTable.Write(json, tabled) == 0 || !JsonTableCheck.Same(json, tabled.WrittenSpan)) return json;
        return _counts.Count(tabled.WrittenSpan) < _counts.Count(json) ? tabled.WrittenSpan : json;
    }
}
