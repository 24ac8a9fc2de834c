namespace Gateway.Ledger.Coordination;

/// <summary>The book is in a newer epoch than the one that this gateway records under: nothing was recorded.</summary>
internal sealed class EpochPassedException(long epoch) : IOException($"Epoch {epoch} of the front has passed.");
