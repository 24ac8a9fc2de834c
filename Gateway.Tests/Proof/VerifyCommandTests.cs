using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

/// <summary><c>verify-ledger</c> and <c>verify-receipt</c> as processes of their own, on what a real gateway wrote.</summary>
internal sealed class VerifyCommandTests : EndToEndFixture
{
    private string Folder => Gateway.Folder;

    [Test]
    public async Task The_ledger_of_a_running_gateway_verifies()
    {
        for (var i = 0; i < 3; i++)
            await RecordedAsync(await CallAsync());
        await CallAsync("mode=error");

        var verified = await GatewayCommand.RunAsync(Folder, ["verify-ledger"]);

        Assert.That(verified.ExitCode, Is.Zero, verified.Output + verified.Errors);
        Assert.That(verified.Output, Does.Contain("ok         I11 every block is").And.Contain("checks hold."));
    }

    [TestCase("update entry set amount = amount + 1, new = new + 1 where kind = 'charge'", "DIFFERENT  I11 every block is the hash of its rows")]
    [TestCase("update bucket set credited = credited + 5, posted = posted + 5 where kind = 'credit'", "DIFFERENT  I2 a balance is the sum of its entries")]
    [TestCase("update receipt set body = cast(replace(cast(body as text), 'echo-1', 'echo-2') as blob)", "DIFFERENT  I11 every block is the hash of its rows")]
    [TestCase("delete from receipt", "DIFFERENT  I5 no charge is without a receipt")]
    [TestCase("delete from block where number = 2", "where number 2 follows")]
    public async Task What_was_changed_by_hand_ends_the_verification_with_one(string sql, string words)
    {
        await RecordedAsync(await CallAsync());
        var copy = Directory.CreateTempSubdirectory("gateway-copy-");
        try
        {
            var path = Path.Combine(copy.FullName, "gateway.db");
            await CopyAsync(path);
            await ProvenBook.TamperAsync(path, sql);

            var verified = await GatewayCommand.RunAsync(copy.FullName, ["verify-ledger", "--ConnectionStrings:Ledger", path]);

            Assert.That(verified.ExitCode, Is.EqualTo(1), verified.Output + verified.Errors);
            Assert.That(verified.Output, Does.Contain(words).And.Contain("Nothing was changed."));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [TestCase("verify-ledger --Gateway:Durability fast", "The ledger cannot be checked. Gateway__Durability: ")]
    [TestCase("verify-ledger --ConnectionStrings:Ledger /nowhere/gateway.db", "The ledger cannot be checked. Gateway__MasterKey: ")]
    [TestCase("verify-ledger --front", "The ledger cannot be checked. --front: ")]
    [TestCase("verify-receipt", "Usage: ")]
    [TestCase("verify-receipt a b", "Usage: ")]
    [TestCase("verify-receipt --keys keys.json", "Usage: ")]
    [TestCase("verify-receipt nowhere.json", "The receipt cannot be checked. ")]
    [TestCase("serve", "\"serve\" is not a command.")]
    public async Task What_cannot_be_checked_says_so_and_ends_with_two(string line, string words)
    {
        var result = await GatewayCommand.RunAsync(Folder, line.Split(' '));

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output + result.Errors);
        Assert.That(result.Errors, Does.StartWith(words));
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    public async Task A_book_that_does_not_exist_is_not_made()
    {
        var nowhere = Path.Combine(Folder, "nowhere", "gateway.db");
        var masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

        var result = await GatewayCommand.RunAsync(Folder, ["verify-ledger", "--ConnectionStrings:Ledger", nowhere], null, ("Gateway__MasterKey", masterKey));

        Assert.That((result.ExitCode, File.Exists(nowhere)), Is.EqualTo((2, false)), result.Errors);
        Assert.That(result.Errors, Does.Contain("There is no book at"));
    }

    [Test]
    public async Task A_served_receipt_is_proven_with_the_served_keys_and_no_gateway()
    {
        var receipt = await RecordedAsync(await CallAsync());
        using var anyone = new HttpClient { BaseAddress = Gateway.Address };
        var keys = await anyone.GetByteArrayAsync("/v1/receipts/keys");
        var folder = Directory.CreateTempSubdirectory("gateway-receipt-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "receipt.json"), receipt);
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "keys.json"), keys);
            var changed = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(receipt).Replace("\"workspace\":\"ws_default\"", "\"workspace\":\"ws_other\"", StringComparison.Ordinal));

            var proven = await GatewayCommand.RunAsync(folder.FullName, ["verify-receipt", "receipt.json", "--keys", "keys.json"]);
            var forged = await GatewayCommand.RunAsync(folder.FullName, ["verify-receipt", "-", "--keys", "keys.json"], changed);
            var noReceipt = await GatewayCommand.RunAsync(folder.FullName, ["verify-receipt", "-", "--keys", "keys.json"], "{}"u8.ToArray());
            var noKeys = await GatewayCommand.RunAsync(folder.FullName, ["verify-receipt", "receipt.json", "--keys", "receipt.json"]);

            Assert.That(proven.ExitCode, Is.Zero, proven.Output + proven.Errors);
            Assert.That(proven.Output, Does.Contain("ok         signature: by key").And.Contain("ok         cost: 0.0002744, from price lines that come to 0.0002744"));
            Assert.That(forged.ExitCode, Is.EqualTo(1), forged.Output + forged.Errors);
            Assert.That(forged.Output, Does.Contain("DIFFERENT  signature: not over these bytes"));
            Assert.That((noReceipt.ExitCode, noReceipt.Errors.TrimEnd()), Is.EqualTo((2, "- is not a receipt that can be checked: it has no price")));
            Assert.That(noKeys.ExitCode, Is.EqualTo(2));
            Assert.That(noKeys.Errors, Does.Contain("is not a key set"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Without_a_key_file_the_master_key_in_use_or_an_earlier_one_proves_a_receipt()
    {
        var receipt = await RecordedAsync(await CallAsync());
        var old = (await File.ReadAllTextAsync(Path.Combine(Folder, "data", "master.key"))).Trim();
        var other = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

        var own = await GatewayCommand.RunAsync(Folder, ["verify-receipt", "-"], receipt);
        var rotated = await GatewayCommand.RunAsync(Folder, ["verify-receipt", "-"], receipt, ("Gateway__MasterKey", other), ("Gateway__PreviousMasterKeys__0", old));
        var strange = await GatewayCommand.RunAsync(Folder, ["verify-receipt", "-"], receipt, ("Gateway__MasterKey", other));

        Assert.That((own.ExitCode, rotated.ExitCode, strange.ExitCode), Is.EqualTo((0, 0, 1)), own.Errors + rotated.Errors + strange.Output);
        Assert.That(strange.Output, Does.Contain("which is not among the keys to verify with"));
    }

    [Test]
    public async Task The_keys_are_public_and_other_methods_are_refused()
    {
        using var anyone = new HttpClient { BaseAddress = Gateway.Address };

        var keys = JsonNode.Parse(await anyone.GetStringAsync("/v1/receipts/keys"))!["keys"]!.AsArray();
        using var posted = await anyone.PostAsync("/v1/receipts/keys", content: null);

        Assert.That((keys.Count, keys[0]!["alg"]!.GetValue<string>(), keys[0]!["crv"]!.GetValue<string>()), Is.EqualTo((1, "ES256", "P-256")));
        Assert.That(keys[0]!.AsObject().ContainsKey("d"), Is.False);
        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
    }

    // A receipt is served from memory, without a signature, until it is in the book.
    private async Task<byte[]> RecordedAsync(Answer answer)
    {
        for (var i = 0; i < 200; i++)
        {
            var receipt = await Client.GetByteArrayAsync($"/v1/receipts/{answer.Header("x-gateway-receipt")}");
            if (JsonNode.Parse(receipt)!["signature"] is not null)
                return receipt;
            await Task.Delay(25);
        }

        throw new TimeoutException("The receipt did not come into the book.");
    }

    private async Task CopyAsync(string path)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(Folder, "data", "gateway.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "vacuum into $path";
        command.Parameters.AddWithValue("$path", path);
        await command.ExecuteNonQueryAsync();
        File.Copy(Path.Combine(Folder, "data", "master.key"), Path.Combine(Path.GetDirectoryName(path)!, "master.key"));
    }
}
