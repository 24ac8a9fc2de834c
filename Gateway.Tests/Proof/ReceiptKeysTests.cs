using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Proof;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

internal sealed class ReceiptKeysTests
{
    private static readonly byte[] Hash = SHA256.HashData("a receipt"u8);

    [Test]
    public void The_same_seed_gives_the_same_key_on_every_gateway()
    {
        using var here = ReceiptKeys.Derive([ProvenBook.Seed]);
        using var there = ReceiptKeys.Derive([ProvenBook.Seed]);

        Assert.That(there.CurrentId, Is.EqualTo(here.CurrentId));
        Assert.That(there.Verify(here.CurrentId, Hash, here.Sign(Hash)), Is.True);
        Assert.That(there.Verify(here.CurrentId, SHA256.HashData("another"u8), here.Sign(Hash)), Is.False);
        Assert.That(there.Verify("unknown", Hash, here.Sign(Hash)), Is.Null);
    }

    [Test]
    public void A_key_set_has_the_public_halves_and_verifies_what_old_and_new_keys_signed()
    {
        using var old = ReceiptKeys.Derive([SHA256.HashData("old"u8)]);
        using var rotated = ReceiptKeys.Derive([ProvenBook.Seed, SHA256.HashData("old"u8)]);

        var text = KeySet(rotated);
        var read = ReceiptKeys.TryParse(text, out var published);

        Assert.That(read, Is.True);
        Assert.That(published!.CanSign, Is.False);
        Assert.That(published.Verify(old.CurrentId, Hash, old.Sign(Hash)), Is.True);
        Assert.That(published.Verify(rotated.CurrentId, Hash, rotated.Sign(Hash)), Is.True);
        using var json = JsonDocument.Parse(text);
        var first = json.RootElement.GetProperty("keys")[0];
        Assert.That(first.EnumerateObject().Select(static member => member.Name), Is.EqualTo(new[] { "kty", "crv", "x", "y", "kid", "alg", "use" }));
        published.Dispose();
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("{\"keys\":3}")]
    [TestCase("{\"keys\":[]}")]
    [TestCase("{\"keys\":[3,{\"kty\":\"RSA\"}]}")]
    [TestCase("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"!\"}]}")]
    [TestCase("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}")]
    [TestCase("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"}]}")]
    public void What_is_no_key_set_is_refused(string text)
    {
        Assert.That(ReceiptKeys.TryParse(Encoding.UTF8.GetBytes(text), out _), Is.False);
    }

    [Test]
    public async Task Every_changed_byte_of_a_signed_receipt_is_noticed()
    {
        await using var book = await ProvenBook.OpenAsync();
        var call = ProofHistory.Call(ProofHistory.Account, await book.History.TopUpAsync(1), 100, 1_000);
        await book.Book.RecordAsync([call], default);
        var receipt = (await book.Book.FindReceiptAsync(call.ReceiptId, null, null, default))!.Value.ToArray();

        Assert.That(ReceiptVerifier.Verify(receipt, book.Keys).Where(static finding => !finding.Ok), Is.Empty);
        for (var i = 0; i < receipt.Length; i++)
        {
            var changed = receipt.ToArray();
            changed[i] ^= 1;
            Assert.That(IsProven(changed, book.Keys), Is.False, $"byte {i}");
        }
    }

    [Test]
    public async Task A_receipt_that_is_not_in_the_book_yet_has_neither_block_nor_signature()
    {
        await using var book = await ProvenBook.OpenAsync();
        var call = ProofHistory.Call(ProofHistory.Account, await book.History.TopUpAsync(1), 100, 1_000);

        var pending = ReceiptDocument.Complete(call, settledAt: null);

        Assert.That(Encoding.UTF8.GetString(pending.Span), Does.EndWith("\"block\":null,\"signature\":null}"));
        Assert.That(ReceiptVerifier.Verify(pending, book.Keys)[0], Is.EqualTo(
            new ReceiptFinding(false, "signature: it has no signature: it is not in the book yet, or comes from a gateway that does not sign")));
    }

    [Test]
    public async Task A_refund_changes_the_delivery_and_the_receipt_is_signed_with_it()
    {
        await using var book = await ProvenBook.OpenAsync();
        var call = ProofHistory.Call(ProofHistory.Account, await book.History.TopUpAsync(1), 100, 1_000);
        await book.Book.RecordAsync([call], default);
        await book.Book.VoidAsync(call.ReceiptId, ProofHistory.Start, default);

        var receipt = (await book.Book.FindReceiptAsync(call.ReceiptId, null, null, default))!.Value;

        Assert.That(Encoding.UTF8.GetString(receipt.Span), Does.Contain("\"delivery\":\"refunded\"").And.Contain("\"block\":2,\"signature\":\"ES256:"));
        Assert.That(ReceiptVerifier.Verify(receipt, book.Keys).Where(static finding => !finding.Ok), Is.Empty);
    }

    [Test]
    public void The_layout_of_a_block_is_what_it_was()
    {
        var rows = new BlockBuilder();
        var entry = new EntryLine("acc_1", "bkt_1", "CREDIT", 1, "pst_1", "top_up", 5, 0, 5, 1_000_000);
        var other = entry with { Bucket = "external", Amount = -5, New = -5 };
        var receipt = new ReceiptLine(
            new ReceiptId(Guid.Parse("019aa64c-9a7a-7000-8000-00000000002a")), "acc_1", "ws_1", "key_1", null, 1, 2, "complete", 3, 0, "CREDIT",
            [new BucketShare("bkt_1", BucketKind.Credit, new Credits(3), new Credits(2))], "{}"u8.ToArray());
        rows.Add(other);
        rows.Add(receipt);
        rows.Add(entry);
        var header = new BlockHeader(7, "local", 6, 1_000_000);

        var hash = rows.Hash(header, BlockBuilder.NoPrevious);
        rows.Clear();
        rows.Add(entry);
        rows.Add(other);
        rows.Add(receipt);

        Assert.That(rows.Hash(header, BlockBuilder.NoPrevious), Is.EqualTo(hash), "the order in which rows were added is of no effect");
        Assert.That(Convert.ToHexStringLower(hash), Is.EqualTo("188478873629bbb8c61bfdf418480d697c466447dde77bea11be12f182dfe9da"));
    }

    private static byte[] KeySet(ReceiptKeys keys)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        keys.WriteKeySet(json);
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static bool IsProven(byte[] receipt, ReceiptKeys keys)
    {
        try
        {
            return ReceiptVerifier.Verify(receipt, keys).All(static finding => finding.Ok);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
