using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Sqlite;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Gateway.Tests.Book;

internal sealed class SqliteBookTests : BookContract
{
    private SqliteFile file = null!; // Set before each test.

    private protected override async Task<IBook> OpenBookAsync() => (file = await SqliteFile.OpenAsync()).Book;

    private protected override async Task CloseBookAsync() => await file.DisposeAsync();

    private protected override Task<long> ScalarAsync(string sql) => file.ScalarAsync(sql);

    [TestCase("update entry set amount = 0, new = previous", "changed")]
    [TestCase("delete from entry", "deleted")]
    public async Task An_entry_cannot_be_changed_or_deleted(string sql, string word)
    {
        var posting = new Posting
        {
            Account = "acc_one", Workspace = "ws_default", Kind = BucketKind.Wallet, Currency = "CREDIT", Amount = new Credits(5), Actor = "operator",
        };
        await Book.PostAsync(posting, DateTimeOffset.UnixEpoch, default);

        Assert.That(async () => await file.ScalarAsync(sql), Throws.InstanceOf<SqliteException>().With.Message.Contains($"never {word}"));
    }

    [Test]
    public async Task A_newer_schema_is_refused()
    {
        await file.ScalarAsync("insert into schema_version (version, applied_at) values (999, 0)");

        await using var older = new SqliteBook(file.Path, Durability.Process);

        Assert.That(() => older.OpenAsync(default), Throws.TypeOf<BookSettingException>().With.Message.Contains("schema version 999"));
    }

    [Test]
    public async Task A_book_that_is_opened_again_has_what_was_recorded()
    {
        await file.ScalarAsync("insert into key_day (key_id, day, spent) values ('key_a', '2026-11-21', 5)");

        await using var again = new SqliteBook(file.Path, Durability.Power);
        await again.OpenAsync(default);

        Assert.That(await again.LoadKeySpentAsync("key_a", new DateOnly(2026, 11, 21), default), Is.EqualTo(new Credits(5)));
        Assert.That(await again.LoadKeySpentAsync("key_a", new DateOnly(2026, 11, 22), default), Is.EqualTo(Credits.Zero));
    }

    [Test]
    public void The_file_is_its_owners_alone()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("Unix file modes.");
        else
            Assert.That(File.GetUnixFileMode(file.Path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }
}
