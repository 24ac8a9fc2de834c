using Gateway.Host.Keys;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Keys;

internal sealed class KeyTests
{
    private static readonly byte[] Master = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [TestCase("123456789", 0xCBF43926u)]
    [TestCase("", 0u)]
    [TestCase("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void Crc32_gives_the_published_values(string text, uint expected) => Assert.That(Crc32.Compute(text), Is.EqualTo(expected));

    [Test]
    public void A_new_key_has_a_valid_checksum_and_one_changed_character_breaks_it()
    {
        foreach (var key in new[] { ApiKeyFormat.NewInferenceKey(), ApiKeyFormat.NewManagementKey() })
        {
            Assert.That(ApiKeyFormat.HasValidChecksum(key), Is.True);
            Assert.That(ApiKeyFormat.HasValidChecksum(key[..^1] + (key[^1] == 'a' ? 'b' : 'a')), Is.False);
            Assert.That(ApiKeyFormat.HasValidChecksum(key + "a"), Is.False);
        }
    }

    [TestCase("")]
    [TestCase("' OR '1'='1")]
    [TestCase("tw_\0\r\n")]
    [TestCase("tw_аbcdefghijklmnopqrstuvwxyz0123456789")]
    public async Task What_is_no_key_costs_no_look_up(string token)
    {
        var (directory, _) = Make(new MemoryResourceStore(), new MasterKeys(Master, []));

        Assert.That(await directory.FindAsync(token, CancellationToken.None), Is.Null);
        Assert.That(directory.Lookups, Is.Zero);
    }

    [Test]
    public async Task An_unknown_key_is_looked_up_once()
    {
        var (directory, _) = Make(new MemoryResourceStore(), new MasterKeys(Master, []));
        var token = ApiKeyFormat.NewInferenceKey();

        for (var i = 0; i < 1000; i++)
            Assert.That(await directory.FindAsync(token, CancellationToken.None), Is.Null);

        Assert.That(directory.Lookups, Is.EqualTo(1));
    }

    [Test]
    public async Task A_rotated_master_key_still_finds_keys_and_rehashes_them()
    {
        var store = new MemoryResourceStore();
        var old = new KeyHasher(new MasterKeys(Master, []));
        var token = ApiKeyFormat.NewInferenceKey();
        var body = new KeyDocument(new KeyFields { Name = "a", Kind = KeyKind.Inference }, "").ToBytes();
        await store.CreateAsync(new Resource("key", "key_1", "ws_x", old.Mac(token), body, 1, default, default), new Authorship("t"), CancellationToken.None);
        var rotated = new MasterKeys(new byte[32], [Master]);
        var (directory, _) = Make(store, rotated);

        var key = await directory.FindAsync(token, CancellationToken.None);

        Assert.That(key?.Account, Is.EqualTo("acc_x"));
        Assert.That((await store.FindAsync("key", "key_1", CancellationToken.None))?.Lookup, Is.EqualTo(new KeyHasher(rotated).Mac(token)));
    }

    [Test]
    public async Task The_operators_key_is_shown_once_and_works_after_it()
    {
        var store = new MemoryResourceStore();
        var (directory, operatorKey) = Make(store, new MasterKeys(Master, []));

        var secret = await operatorKey.EnsureAsync(CancellationToken.None);

        Assert.That(await operatorKey.EnsureAsync(CancellationToken.None), Is.Null);
        Assert.That((await directory.FindAsync(secret ?? "", CancellationToken.None))?.IsOperator, Is.True);
    }

    [Test]
    public void A_secret_opens_for_its_own_row_alone()
    {
        var box = new SecretBox(new MasterKeys(Master, []));
        var sealedText = box.Seal("sk-upstream", "ch_1");

        Assert.That(new SecretBox(new MasterKeys(new byte[32], [Master])).Open(sealedText, "ch_1"), Is.EqualTo("sk-upstream"));
        Assert.That(() => box.Open(sealedText, "ch_2"), Throws.InstanceOf<System.Security.Cryptography.CryptographicException>());
    }

    [TestCase("deepseek/*", "deepseek", "deepseek-chat", true)]
    [TestCase("deepseek/*", "other", "deepseek/deepseek-chat", false)]
    [TestCase("*", "other", "x", true)]
    [TestCase("gpt-4*", "openai", "gpt-4o", true)]
    [TestCase("openai/gpt-4", "openai", "gpt-4o", false)]
    public void Patterns_match_models(string pattern, string provider, string model, bool expected) =>
        Assert.That(new KeySnapshot { Id = "k", Workspace = "ws_x", Account = "acc_x", Kind = KeyKind.Inference, Models = [pattern], Limits = new() { KeyId = "k" } }
            .AllowsModel(provider, model), Is.EqualTo(expected));

    private static (KeyDirectory Directory, OperatorKey Operator) Make(IResourceStore store, MasterKeys masterKeys)
    {
        var hasher = new KeyHasher(masterKeys);
        var operatorKey = new OperatorKey(new GatewaySettings { BookFile = "", SpoolFolder = "" }, store, hasher, TimeProvider.System);
        return (new KeyDirectory(store, hasher, operatorKey, TimeProvider.System), operatorKey);
    }
}
