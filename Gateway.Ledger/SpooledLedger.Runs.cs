using System.Text.Json;
using Gateway.Ledger.Book;

namespace Gateway.Ledger;

/// <content>Runs: what the book has, and the calls that wait for it.</content>
public sealed partial class SpooledLedger
{
    /// <inheritdoc/>
    public async ValueTask<Run?> FindRunAsync(RunQuery query, ReceiptId? cursor, CancellationToken cancellationToken)
    {
        // The waiting calls first: one that is recorded meanwhile is then left out of the book's answer, not counted twice.
        var waiting = pending.OfRun(query).ToList();
        var recorded = book is IRunBook runs
            ? await runs.ListRunAsync(query, waiting.ConvertAll(static call => call.ReceiptId), cursor, cancellationToken)
            : new Run([], [], [], null);
        if (waiting.Count == 0 && recorded.Parts.Count == 0)
            return null;

        var parts = recorded.Parts.Concat(waiting.Select(PartOf)).GroupBy(static part => (part.Outcome, part.Currency)).Select(Sum);
        var models = recorded.Models.Concat(waiting.Select(static call => Text(call, "routedModel"))).Distinct(StringComparer.Ordinal).Take(Run.MaxModels);
        var receipts = recorded.Receipts
            .Concat(waiting.Select(static call => call.ReceiptId).Where(id => cursor is not { } before || id.Value.CompareTo(before.Value) < 0))
            .OrderByDescending(static id => id.Value)
            .Take(Run.MaxReceipts + 1)
            .ToList();
        string? next = null;
        if (receipts.Count > Run.MaxReceipts)
        {
            receipts.RemoveAt(Run.MaxReceipts);
            next = receipts[^1].ToString();
        }

        return new Run([.. parts], [.. models], receipts, next);
    }

    private static RunPart PartOf(SettledCall call)
    {
        using var receipt = JsonDocument.Parse(call.Receipt);
        return new RunPart
        {
            Outcome = LedgerNames.Of(call.Outcome),
            Currency = ReceiptDocument.Currency(call.Receipt.Span),
            Calls = 1,
            Cost = call.Delivery == Delivery.Refunded ? Credits.Zero : call.Cost,
            Attempts = receipt.RootElement.GetProperty("attempts").GetArrayLength(),
            Fallbacks = receipt.RootElement.GetProperty("fallbackUsed").GetBoolean() ? 1 : 0,
            Usage = ReceiptUsage.Read(receipt.RootElement.GetProperty("usage")),
            StartedAt = call.OccurredAt,
            EndedAt = call.SettledAt,
        };
    }

    private static string Text(SettledCall call, string name)
    {
        using var receipt = JsonDocument.Parse(call.Receipt);
        return receipt.RootElement.GetProperty(name).GetString() ?? "";
    }

    private static RunPart Sum(IEnumerable<RunPart> parts) => parts.Aggregate(static (sum, part) => sum with
    {
        Calls = sum.Calls + part.Calls,
        Cost = sum.Cost + part.Cost,
        Attempts = sum.Attempts + part.Attempts,
        Fallbacks = sum.Fallbacks + part.Fallbacks,
        Usage = sum.Usage + part.Usage,
        StartedAt = part.StartedAt < sum.StartedAt ? part.StartedAt : sum.StartedAt,
        EndedAt = part.EndedAt > sum.EndedAt ? part.EndedAt : sum.EndedAt,
    });
}
