namespace Gateway.Ledger.Front.Rows;

/// <summary>Whether an epoch may use the rows, as <c>front_state</c> has it.</summary>
internal static class Epochs
{
    /// <summary>The running epoch may, and while the next one drains, the one before it: so its last settlements end where they began.</summary>
    /// <exception cref="FrontUnavailableException">It may not.</exception>
    public static void Check(long epoch, long running, string front, string phase)
    {
        var isRunning = epoch == running && string.Equals(front, "book", StringComparison.Ordinal);
        var drains = epoch == running - 1 && string.Equals(phase, "drain", StringComparison.Ordinal);
        if (!isRunning && !drains)
            throw new FrontUnavailableException($"Epoch {running} runs on '{front}' ({phase}), and this gateway is in {epoch} on the book.");
    }
}
