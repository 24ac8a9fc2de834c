using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>What keys and members were charged on each UTC day: gathered during one transaction, written once a row.</summary>
internal sealed class DayTotals(SqliteConnection connection) : IDisposable
{
    private readonly PreparedStatement addKeyDay = new(connection, EmbeddedText.Read("Book/Sqlite/key_day_add.sql"));
    private readonly PreparedStatement addMemberDay = new(connection, EmbeddedText.Read("Book/Sqlite/member_day_add.sql"));
    private readonly Dictionary<(string KeyId, DateOnly Day), long> keyDays = [];
    private readonly Dictionary<(string MemberId, DateOnly Day), long> memberDays = [];

    /// <summary>Forgets the transaction before.</summary>
    public void Begin()
    {
        keyDays.Clear();
        memberDays.Clear();
    }

    /// <summary>Adds to the day of admission; a negative amount is a refund. Unit: nano-credits.</summary>
    public void Add(string keyId, string? memberId, DateTimeOffset admitted, long nano)
    {
        var day = DateOnly.FromDateTime(admitted.UtcDateTime);
        keyDays[(keyId, day)] = keyDays.GetValueOrDefault((keyId, day)) + nano;
        if (memberId is not null)
            memberDays[(memberId, day)] = memberDays.GetValueOrDefault((memberId, day)) + nano;
    }

    /// <summary>Writes one row for each key, member and day.</summary>
    public void Write()
    {
        foreach (var ((keyId, day), spent) in keyDays)
            addKeyDay.Bind(keyId).Bind(Micros.Day(day)).Bind(spent).Execute();
        foreach (var ((memberId, day), spent) in memberDays)
            addMemberDay.Bind(memberId).Bind(Micros.Day(day)).Bind(spent).Execute();
    }

    public void Dispose()
    {
        addKeyDay.Dispose();
        addMemberDay.Dispose();
    }
}
