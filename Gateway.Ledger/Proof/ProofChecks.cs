namespace Gateway.Ledger.Proof;

/// <summary>One invariant as a statement that returns a sentence for each row that breaks it.</summary>
/// <param name="Name">The invariant in words.</param>
/// <param name="File">The file in <c>Proof/Checks</c>.</param>
/// <param name="Of">What it looks at.</param>
/// <param name="Examined">How many of those the book has.</param>
internal sealed record ProofCheck(string Name, string File, string Of, Func<BookTotals, long> Examined)
{
    public string Sql => ProofSql.Read($"Proof/Checks/{File}");
}

/// <summary>The invariants that SQL says best. I7, I8 and the chains of I11 are computed from the rows.</summary>
internal static class ProofChecks
{
    public static readonly IReadOnlyList<ProofCheck> All =
    [
        new("I1 double entry closes for each account", "I01_accounts_close.sql", "entries", static book => book.Entries),
        new("I1 double entry closes for each event", "I01_references_close.sql", "entries", static book => book.Entries),
        new("I2 a balance is the sum of its entries", "I02_balances.sql", "buckets", static book => book.Buckets),
        new("I2 every entry has its bucket", "I02_buckets_of_entries.sql", "entries", static book => book.Entries),
        new("I3 no balance is negative", "I03_not_negative.sql", "buckets", static book => book.Buckets),
        new("I4 a receipt is there once", "I04_receipts_once.sql", "receipts", static book => book.Receipts),
        new("I4 a receipt is charged once", "I04_charged_once.sql", "entries", static book => book.Entries),
        new("I5 a charge is its entries", "I05_charges_are_entries.sql", "receipts", static book => book.Receipts),
        new("I5 a shortfall is its entries", "I05_shortfalls_are_entries.sql", "receipts", static book => book.Receipts),
        new("I5 no charge is without a receipt", "I05_entries_have_receipts.sql", "entries", static book => book.Entries),
        new("I6 a failed call is free", "I06_failed_is_free.sql", "receipts", static book => book.Receipts),
        new("I9 versions have no gap", "I09_versions_without_gaps.sql", "entries", static book => book.Entries),
        new("I10 each entry continues the one before", "I10_running_balances.sql", "entries", static book => book.Entries),
        new("I11 every receipt and entry is in a block", "I11_rows_in_blocks.sql", "entries", static book => book.Receipts + book.Entries),
        new("I12 a posting is there once", "I12_postings_once.sql", "postings", static book => book.Postings),
        new("I12 a posting is its entries", "I12_postings_are_entries.sql", "postings", static book => book.Postings),
        new("I12 a refund is its postings and entries", "I12_refunds.sql", "receipts", static book => book.Receipts),
    ];
}
