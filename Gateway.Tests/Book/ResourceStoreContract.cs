using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every resource store promises.</summary>
internal abstract class ResourceStoreContract
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly Authorship Operator = new("operator");

    private protected IResourceStore Store { get; private set; } = null!; // Set before each test.

    private protected abstract Task<IResourceStore> OpenStoreAsync();

    private protected abstract Task CloseStoreAsync();

    private protected abstract Task<long> ScalarAsync(string sql);

    [SetUp]
    public async Task OpenAsync() => Store = await OpenStoreAsync();

    [TearDown]
    public Task CloseAsync() => CloseStoreAsync();

    [Test]
    public async Task A_created_resource_is_found_by_id_and_by_look_up_name()
    {
        var result = await Store.CreateAsync(Key("key_a", "mac-a"), Operator, default);

        Assert.That(result, Is.InstanceOf<WriteResult.Written>());
        Assert.That((await Store.FindAsync("key", "key_a", default))?.Version, Is.EqualTo(1));
        Assert.That((await Store.FindByLookupAsync("key", "mac-a", default))?.Id, Is.EqualTo("key_a"));
        Assert.That(await Store.FindAsync("channel", "key_a", default), Is.Null);
    }

    [TestCase("key_a", "mac-b")]
    [TestCase("key_b", "mac-a")]
    public async Task An_id_and_a_look_up_name_are_taken_once(string id, string lookup)
    {
        await Store.CreateAsync(Key("key_a", "mac-a"), Operator, default);

        Assert.That(await Store.CreateAsync(Key(id, lookup), Operator, default), Is.InstanceOf<WriteResult.Taken>());
        Assert.That(await ScalarAsync("select count(*) from audit"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_update_needs_the_version_that_it_names()
    {
        await Store.CreateAsync(Key("key_a", "mac-a"), Operator, default);

        var updated = await Store.UpdateAsync(Key("key_a", "mac-c") with { Body = "{}"u8.ToArray() }, 1, Operator, default);
        var late = await Store.UpdateAsync(Key("key_a", "mac-d"), 1, Operator, default);
        var missing = await Store.UpdateAsync(Key("key_x", null), null, Operator, default);

        Assert.That(((WriteResult.Written)updated).Resource.Version, Is.EqualTo(2));
        Assert.That(late, Is.EqualTo(new WriteResult.VersionMismatch(2)));
        Assert.That(missing, Is.InstanceOf<WriteResult.NotFound>());
        Assert.That((await Store.FindByLookupAsync("key", "mac-c", default))?.Body, Is.EqualTo("{}"u8.ToArray()));
    }

    [Test]
    public async Task An_update_cannot_take_anothers_look_up_name()
    {
        await Store.CreateAsync(Key("key_a", "mac-a"), Operator, default);
        await Store.CreateAsync(Key("key_b", "mac-b"), Operator, default);

        Assert.That(await Store.UpdateAsync(Key("key_b", "mac-a"), null, Operator, default), Is.InstanceOf<WriteResult.Taken>());
    }

    [Test]
    public async Task A_deleted_resource_is_gone_and_each_write_left_an_audit_record()
    {
        await Store.CreateAsync(Key("key_a", "mac-a"), Operator, default);
        await Store.UpdateAsync(Key("key_a", "mac-a"), null, Operator, default);

        var mismatch = await Store.DeleteAsync("key", "key_a", 1, Operator, default);
        var deleted = await Store.DeleteAsync("key", "key_a", 2, Operator, default);

        Assert.That(mismatch, Is.EqualTo(new WriteResult.VersionMismatch(2)));
        Assert.That(deleted, Is.InstanceOf<WriteResult.Written>());
        Assert.That(await Store.DeleteAsync("key", "key_a", null, Operator, default), Is.InstanceOf<WriteResult.NotFound>());
        Assert.That(await Store.FindAsync("key", "key_a", default), Is.Null);
        Assert.That(await ScalarAsync("select count(*) from audit where (action = 'create') = (before is null) and (action = 'delete') = (after is null)"), Is.EqualTo(3));
    }

    [Test]
    public async Task A_write_is_replayed_under_its_idempotency_key_and_refused_with_another_fingerprint()
    {
        var once = new Authorship("operator", "once", "f");
        await Store.CreateAsync(Key("key_a", "mac-a"), once, default);

        var replay = await Store.CreateAsync(Key("key_b", "mac-b"), once, default);
        var reused = await Store.CreateAsync(Key("key_b", "mac-b"), once with { Fingerprint = "g" }, default);

        Assert.That(replay, Is.InstanceOf<WriteResult.Written>());
        Assert.That(((WriteResult.Written)replay).Replayed, Is.True);
        Assert.That(((WriteResult.Written)replay).Resource.Id, Is.EqualTo("key_a"));
        Assert.That(reused, Is.InstanceOf<WriteResult.KeyReused>());
        Assert.That(await ScalarAsync("select count(*) from audit"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_list_goes_page_by_page_in_order_of_id()
    {
        foreach (var id in (string[])["key_c", "key_a", "key_b"])
            await Store.CreateAsync(Key(id, null), Operator, default);
        await Store.CreateAsync(Key("key_0", null) with { Workspace = "ws_other" }, Operator, default);

        var first = await Store.ListAsync("key", "ws_default", 2, null, default);
        var second = await Store.ListAsync("key", "ws_default", 2, first.NextCursor, default);
        var all = await Store.ListAsync("key", null, 4, null, default);

        Assert.That(first.Data.Concat(second.Data).Select(static key => key.Id), Is.EqualTo(new[] { "key_a", "key_b", "key_c" }));
        Assert.That(second.NextCursor, Is.Null);
        Assert.That((all.Data.Count, all.NextCursor), Is.EqualTo((4, (string?)null)));
    }

    [Test]
    public async Task Audit_records_are_listed_newest_first_page_by_page_and_by_tenant()
    {
        await Store.CreateAsync(Key("key_a", null), Operator, default);
        await Store.UpdateAsync(Key("key_a", null) with { Body = "{}"u8.ToArray() }, null, Operator, default);
        await Store.CreateAsync(Key("key_0", null) with { Workspace = "ws_other" }, Operator, default);
        await Store.DeleteAsync("key", "key_a", null, Operator, default);

        var first = await Store.ListAuditAsync("ws_default", 2, null, default);
        var second = await Store.ListAuditAsync("ws_default", 2, first.NextCursor, default);
        var all = await Store.ListAuditAsync(null, 4, null, default);

        Assert.That(first.Data.Concat(second.Data).Select(static record => record.Action), Is.EqualTo(new[] { "delete", "update", "create" }));
        Assert.That((first.Data[1].Actor, first.Data[1].Kind, first.Data[1].ResourceId), Is.EqualTo(("operator", "key", "key_a")));
        Assert.That(first.Data[1].After, Is.EqualTo("{}"u8.ToArray()));
        Assert.That((second.Data[0].Before, second.NextCursor), Is.EqualTo(((byte[]?)null, (string?)null)));
        Assert.That((all.Data.Count, all.Data[1].Workspace), Is.EqualTo((4, "ws_other")));
    }

    [Test]
    public async Task Writes_are_followed_by_kind_in_their_order_each_with_the_resource_as_it_is_now()
    {
        string[] kinds = ["key", "rule"];
        await Store.CreateAsync(Key("key_a", null), Operator, default);
        var before = await Store.LastChangeAsync(kinds, default);
        await Store.UpdateAsync(Key("key_a", null) with { Body = "{}"u8.ToArray() }, null, Operator, default);
        await Store.CreateAsync(Key("channel_a", null) with { Kind = "channel" }, Operator, default);
        await Store.CreateAsync(Key("rule_a", null) with { Kind = "rule", Workspace = "ws_other" }, Operator, default);
        await Store.UpdateAsync(Key("key_a", null) with { Body = "[]"u8.ToArray() }, null, Operator, default);
        await Store.DeleteAsync("rule", "rule_a", null, Operator, default);

        var changes = await Store.ListChangesAsync(kinds, before, 100, default);
        var first = await Store.ListChangesAsync(kinds, before, 1, default);

        Assert.That(changes.Select(static change => change.Id), Is.EqualTo(new[] { "key_a", "rule_a", "key_a", "rule_a" }));
        Assert.That(changes.Select(static change => change.Now?.Version), Is.EqualTo(new long?[] { 3, null, 3, null }));
        Assert.That(changes[0].Now?.Body, Is.EqualTo("[]"u8.ToArray()));
        Assert.That(changes[1].Workspace, Is.EqualTo("ws_other"));
        Assert.That(first, Has.Count.EqualTo(1));
        Assert.That(changes[^1].Place, Is.EqualTo(await Store.LastChangeAsync(kinds, default)));
        Assert.That(await Store.ListChangesAsync(kinds, changes[^1].Place, 100, default), Is.Empty);
    }

    [Test]
    public async Task What_a_write_returned_is_found_by_its_idempotency_key()
    {
        var once = new Authorship("operator", "once", "f");
        Assert.That(await Store.FindWriteAsync(once, default), Is.Null);
        await Store.CreateAsync(Key("key_a", null), once, default);

        Assert.That(await Store.FindWriteAsync(once, default), Is.InstanceOf<WriteResult.Written>().With.Property("Replayed").True);
        Assert.That(await Store.FindWriteAsync(once with { Fingerprint = "g" }, default), Is.InstanceOf<WriteResult.KeyReused>());
        Assert.That(await Store.FindWriteAsync(Operator, default), Is.Null);
    }

    private static Resource Key(string id, string? lookup) =>
        new("key", id, "ws_default", lookup, """{"name":"a"}"""u8.ToArray(), 0, Start, Start);
}

internal sealed class SqliteResourceStoreTests : ResourceStoreContract
{
    private SqliteFile file = null!; // Set before each test.

    private protected override async Task<IResourceStore> OpenStoreAsync() => (file = await SqliteFile.OpenAsync()).Book;

    private protected override async Task CloseStoreAsync() => await file.DisposeAsync();

    private protected override Task<long> ScalarAsync(string sql) => file.ScalarAsync(sql);
}
