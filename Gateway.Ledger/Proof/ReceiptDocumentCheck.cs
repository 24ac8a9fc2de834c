using System.Globalization;
using System.Text.Json;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Postgres;

namespace Gateway.Ledger.Proof;

/// <summary>Compares a stored receipt's columns with its document, and the document with itself.</summary>
internal static class ReceiptDocumentCheck
{
    /// <summary>What is wrong, by invariant: I7 (hold), I8 (cost), and whether columns, payers and document agree.</summary>
    public static (string? Hold, string? Cost, string? Document) Check(ReceiptRow row)
    {
        try
        {
            using var document = JsonDocument.Parse(row.Body);
            var receipt = document.RootElement;
            var sums = ReceiptArithmetic.Read(receipt);
            return (Named(row, sums.CheckHold()), Named(row, sums.CheckCost()), Named(row, Columns(row, receipt, sums) ?? PaidBy(row)));
        }
        catch (Exception exception) when (exception is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            return (null, Named(row, exception.Message), null);
        }
    }

    private static string? Columns(ReceiptRow row, JsonElement receipt, ReceiptArithmetic sums)
    {
        foreach (var (name, column, said) in (ReadOnlySpan<(string, string?, string?)>)
        [
            ("id", row.ReceiptId.ToString(), sums.Id),
            ("outcome", row.Outcome, sums.Outcome),
            ("workspace", row.Workspace, Text(receipt, "workspace")),
            ("keyId", row.KeyId, Text(receipt, "keyId")),
            ("runId", row.RunId, Text(receipt, "runId")),
            ("currency", row.Currency, Text(receipt, "currency")),
            ("cost", new Credits(row.Cost).ToString(), sums.Cost.ToString()),
            ("shortfall", new Credits(row.Shortfall).ToString(), sums.Shortfall.ToString()),
        ])
        {
            if (!string.Equals(column, said, StringComparison.Ordinal))
                return $"its row says {name} {column ?? "null"}, its document {said ?? "null"}";
        }

        // PostgreSQL's row has its id's moment, SQLite's the hold's; the document shows the hold's. All are whole milliseconds here.
        var created = ReceiptArithmetic.Member(receipt, "createdAt").GetDateTimeOffset().ToUnixTimeMilliseconds();
        var occurred = row.OccurredAt / 1000;
        return occurred == created || occurred == Instants.Of(row.ReceiptId).ToUnixTimeMilliseconds()
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"its row is from {occurred} ms, its document from {created} ms (Unix)");
    }

    private static string? PaidBy(ReceiptRow row)
    {
        var paid = Credits.Zero;
        foreach (var share in ReceiptDocument.ReadPaidBy(row.PaidBy))
            paid += share.Amount;
        return paid == new Credits(row.Cost) ? null : $"it costs {new Credits(row.Cost)}, its payers paid {paid}";
    }

    private static string? Text(JsonElement receipt, string name) => ReceiptArithmetic.Member(receipt, name).GetString();

    private static string? Named(ReceiptRow row, string? mistake) => mistake is null ? null : $"receipt {row.ReceiptId}: {mistake}";
}
