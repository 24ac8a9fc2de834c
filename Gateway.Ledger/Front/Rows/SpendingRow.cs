using Gateway.Ledger.Front.InProcess;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>One row of <c>front_key</c>.</summary>
internal sealed record KeyRow(SpendingCounters Spending, int Open, long RequestClock, long TokenClock)
{
    public static KeyRow Of(KeyState key) => new(key.Spending.ToStored(), key.Open, key.RequestClock, key.TokenClock);

    public static KeyRow Read(NpgsqlDataReader row) => new(SpendingRow.Read(row, 0), row.GetInt32(3), row.GetInt64(4), row.GetInt64(5));

    public KeyState ToState() => new(new Spending(Spending)) { Open = Open, RequestClock = RequestClock, TokenClock = TokenClock };
}

/// <summary>What <c>front_key</c> and <c>front_member</c> have in common: day, spent, held.</summary>
internal static class SpendingRow
{
    /// <summary>Reads three columns from the first one.</summary>
    public static SpendingCounters Read(NpgsqlDataReader row, int first) =>
        new(row.GetFieldValue<DateOnly>(first), row.GetFieldValue<long[]>(first + 1), row.GetFieldValue<long[]>(first + 2));

    /// <summary>The three as parameters.</summary>
    public static NpgsqlParameter[] Parameters(SpendingCounters spending) =>
        [RowValue.Of("day", spending.Day), RowValue.Of("spent", spending.Spent), RowValue.Of("held", spending.Held)];
}
