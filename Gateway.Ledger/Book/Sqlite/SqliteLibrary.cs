using SQLitePCL;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>The SQLite library of this process, set up before its first connection.</summary>
internal static class SqliteLibrary
{
    private static readonly Lock Gate = new();
    private static bool started;

    /// <summary>Loads it; a second call does nothing.</summary>
    /// <remarks>
    /// Without its own locks: <see cref="SqliteConnections"/> gives a connection to one user at a time.
    /// Without its count of memory, which takes another lock at each allocation and which nobody reads (https://www.sqlite.org/c3ref/c_config_covering_index_scan.html).
    /// Where something else in the process has opened a connection before, SQLite answers that it is too late, and works on as it was.
    /// </remarks>
    public static void Start()
    {
        lock (Gate)
        {
            if (started)
                return;

            Batteries_V2.Init();
            _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
            _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
            started = true;
        }
    }
}
