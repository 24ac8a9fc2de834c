using Gateway.Tests.EndToEnd;

namespace Gateway.Tests.Chaos;

/// <summary>Holds the journals of clients, upstream and ledger against each other: the rules E1 to E8 of the fault plan.</summary>
internal sealed class Oracle
{
    private const long InputNano = 1_400;
    private const long OutputNano = 2_800;
    private const long WalletNano = 1_000_000_000_000;

    private readonly ClientJournal clients;
    private readonly Dictionary<string, Served> served;
    private readonly StoredBook book;
    private readonly ILookup<string?, StoredReceipt> receipts;
    private readonly List<string> wrong = [];

    private Oracle(ClientJournal clients, Dictionary<string, Served> served, StoredBook book)
    {
        this.clients = clients;
        this.served = served;
        this.book = book;
        receipts = book.Receipts.ToLookup(static receipt => receipt.RunId);
    }

    /// <summary>Calls that the upstream served to the end and that nobody paid: those that died unacknowledged. Reported, not hidden.</summary>
    public int AtTheHouse => served.Count(pair => pair.Value.IsComplete && receipts[pair.Key].Sum(static receipt => receipt.Net) == 0);

    /// <summary>Everything on which the journals differ; empty: they agree.</summary>
    public IReadOnlyList<string> Wrong => wrong;

    /// <param name="clients">What clients saw.</param>
    /// <param name="upstreamJournal">The upstream's own file.</param>
    /// <param name="book">The book, once everything is recorded.</param>
    public static Oracle Judge(ClientJournal clients, string upstreamJournal, StoredBook book)
    {
        var oracle = new Oracle(clients, Read(upstreamJournal), book);
        foreach (var call in clients.Calls)
            oracle.JudgeCall(call);
        oracle.JudgeReceipts();
        oracle.JudgeBuckets();
        oracle.wrong.AddRange(book.Broken.Select(static invariant => $"E4 {invariant}"));
        return oracle;
    }

    private static Dictionary<string, Served> Read(string journal)
    {
        var calls = new Dictionary<string, Served>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(journal))
        {
            var words = line.Split(' ');
            var now = new Served(long.Parse(words[1]) * InputNano + long.Parse(words[2]) * OutputNano, bool.Parse(words[3]));
            var before = calls.GetValueOrDefault(words[0]);
            calls[words[0]] = new Served(Math.Max(before.Price, now.Price), before.IsComplete || now.IsComplete);
        }

        return calls;
    }

    private void JudgeCall(CallSeen call)
    {
        var rows = receipts[call.Id].ToList();
        var price = served.GetValueOrDefault(call.Id).Price;
        var net = rows.Sum(static receipt => receipt.Net);
        if (rows.Count > 1)
            wrong.Add($"E1 {call}: {rows.Count} receipts: {string.Join("; ", rows)}");
        if (net > price)
            wrong.Add($"E6 {call}: charged {net}, emitted {price}: {string.Join("; ", rows)}");

        switch (call.End)
        {
            case SeenEnd.Complete:
                JudgeComplete(call, rows, price);
                break;
            case SeenEnd.Error when !call.HasContent && net != 0:
                wrong.Add($"E3 {call}: an error was charged {net}: {string.Join("; ", rows)}");
                break;
            case SeenEnd.Broken when call.Gateway?.WasOut(call.Time.From, call.Time.To) == false:
                wrong.Add($"E3 {call}: broken, though its gateway was there: {string.Join("; ", rows)}");
                break;
        }
    }

    private void JudgeComplete(CallSeen call, List<StoredReceipt> rows, long price)
    {
        if (rows is not [{ Outcome: "complete", Shortfall: 0 } receipt] || receipt.Delivery == "refunded" || receipt.Cost != price)
            wrong.Add($"E1 {call}: expected one receipt of {price}, found {(rows.Count == 0 ? "none" : string.Join("; ", rows))}");
        else if (call.Receipt is { } told && told != receipt.Id)
            wrong.Add($"E1 {call}: another receipt was told than {receipt}");
        else if (call.Cost is { } cost && cost != receipt.Cost)
            wrong.Add($"E1 {call}: another cost was told than {receipt}");
    }

    private void JudgeReceipts()
    {
        var known = clients.Calls.Select(static call => call.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var receipt in book.Receipts)
        {
            if (receipt.RunId is null || !known.Contains(receipt.RunId))
                wrong.Add($"E1 nobody's receipt: {receipt}");
            else if (receipt.Cost > 0 && !served.ContainsKey(receipt.RunId))
                wrong.Add($"E2 charged, and the upstream emitted nothing: {receipt}");
            if (receipt.Cost > receipt.Hold)
                wrong.Add($"E6 charged more than its hold of {receipt.Hold}: {receipt}");
        }
    }

    private void JudgeBuckets()
    {
        var toppedUp = clients.TopUps.Sum();
        foreach (var bucket in book.Buckets)
        {
            var acknowledged = bucket.Kind == "wallet" ? WalletNano : toppedUp;
            if (bucket.PutIn != acknowledged)
                wrong.Add($"E4 {bucket}: {acknowledged} were acknowledged");
        }

        var (spent, net) = (book.Buckets.Sum(static bucket => bucket.PutIn - bucket.Posted), book.Receipts.Sum(static receipt => receipt.Net));
        if (spent != net)
            wrong.Add($"E4 the buckets spent {spent}, the receipts say {net}");
    }

    private readonly record struct Served(long Price, bool IsComplete);
}
