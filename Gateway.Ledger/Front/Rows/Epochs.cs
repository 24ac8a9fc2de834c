using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Whether an epoch may use the rows.</summary>
internal static class Epochs
{
    /// <summary>Reads the columns of <c>front_state</c> and <c>front_opened</c> with which the statement begins.
    /// The running epoch may, and while the next one drains, the one before it: so its last settlements end where they began.</summary>
    /// <exception cref="FrontUnavailableException">It may not.</exception>
    public static void Check(NpgsqlDataReader row, long epoch)
    {
        var (running, front, phase) = (row.GetInt64(0), row.GetString(1), row.GetString(2));
        var isRunning = epoch == running && string.Equals(front, "book", StringComparison.Ordinal);
        var drains = epoch == running - 1 && string.Equals(phase, "drain", StringComparison.Ordinal);
        if (!isRunning && !drains)
            throw new FrontUnavailableException($"Epoch {running} runs on '{front}' ({phase}), and this gateway is in {epoch} on the book.");
        if (!row.IsDBNull(3) && row.GetInt64(3) != epoch)
            throw new FrontUnavailableException($"The rows are open for epoch {row.GetInt64(3)}, and this gateway is in {epoch}.");
    }
}
