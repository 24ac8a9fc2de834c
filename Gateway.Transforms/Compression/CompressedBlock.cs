namespace Gateway.Transforms.Compression;

/// <summary>What became of a block.</summary>
/// <param name="Applied">The strength that was used, the strongest if there were several rounds; <see cref="Strength.Off"/> if the block stays as it is.</param>
/// <param name="TokensBefore">Tokens of the block; 0 if it stays, for it was not counted then. Unit: tokens.</param>
/// <param name="TokensAfter">Tokens of what stands for it: less than before; 0 if it stays. Unit: tokens.</param>
public readonly record struct CompressedBlock(Strength Applied, int TokensBefore, int TokensAfter)
{
    /// <summary>True if the output holds what stands for the block.</summary>
    public bool IsChanged => Applied != Strength.Off;
}
