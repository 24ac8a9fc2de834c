using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Ledger.Book;

namespace Gateway.Ledger.Front.Rows;

/// <summary>What a settlement leaves for the book, with what the front really charged.</summary>
internal static class ChargedCall
{
    /// <summary>The planned call, corrected where the buckets paid more or less than planned.</summary>
    public static SettledCall Of(SettledCall planned, in FrontSettlement settlement)
    {
        if (settlement.Charged == planned.Cost && settlement.Shortfall == planned.Shortfall)
            return planned with { PaidBy = settlement.PaidBy };

        var outcome = settlement.Shortfall > Credits.Zero ? Outcome.Overrun : planned.Outcome is Outcome.Overrun ? Outcome.Complete : planned.Outcome;
        return planned with
        {
            Outcome = outcome,
            Cost = settlement.Charged,
            Shortfall = settlement.Shortfall,
            PaidBy = settlement.PaidBy,
            Receipt = WithOutcome(ReceiptDocument.WithCost(planned.Receipt.Span, settlement.Charged, settlement.Shortfall), outcome),
        };
    }

    /// <summary>A call whose lease ended: charged by its checkpoint.</summary>
    public static SettledCall? Recovered(AccountRows found, in FrontSettlement settlement)
    {
        if (found.Hold is not { Request: { } request } hold || found.Names.Receipt is not { } receipt)
            return null;

        var countedBy = hold.Delivered == default ? CountedBy.None : CountedBy.Gateway;
        var document = ReceiptDocument.Draft(
            request.Facts, receipt, hold.HeldAt, Outcome.Recovered, hold.Delivered, countedBy, request.Price, settlement.Charged, settlement.Shortfall, hold.Amount);
        return new SettledCall(
            receipt, request.Account, request.Facts.Workspace, request.Key.KeyId, request.Facts.RunId, hold.HeldAt, found.At,
            Outcome.Recovered, settlement.Charged, settlement.Shortfall, settlement.PaidBy, document)
        {
            MemberId = request.Facts.MemberId,
        };
    }

    private static byte[] WithOutcome(byte[] draft, Outcome outcome)
    {
        var document = JsonNode.Parse(draft)?.AsObject() ?? throw new JsonException("A receipt is an object.");
        if (document.ContainsKey("outcome"))
            document["outcome"] = LedgerNames.Of(outcome);
        return JsonSerializer.SerializeToUtf8Bytes(document, Relaxed);
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
