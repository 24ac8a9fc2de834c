using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Gateway.Ledger.Proof;

/// <summary>What a day's chains had come to, in one hash: published or printed, it fixes every row up to that day.</summary>
/// <remarks>
/// root = SHA-256(<c>gateway/daily-root/1</c> ‖ the root before, 32 bytes, zeros in the first one ‖ day ‖ for each chain that grew, in order of name: chain, last number, last hash),
/// text and integers as in <see cref="BlockLayout"/>.
/// </remarks>
internal static class DailyRoots
{
    private const string DayFormat = "yyyy-MM-dd";
    private const string Layout = "gateway/daily-root/1";

    /// <summary>The day's name.</summary>
    public static string Day(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>The first microsecond after the day.</summary>
    public static long End(DateOnly day) =>
        (day.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc).Ticks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Makes the day's root over the chains that grew since the root before, if there are any and the day has none yet.</summary>
    /// <remarks>Of a day that is over, a snapshot stays true but for what another gateway's clock puts into it later: the root names what it saw.</remarks>
    public static async Task CloseAsync(
        IProofBook book, DateOnly day, ReceiptKeys? keys, long at, Func<RootRow, Task> insert, CancellationToken cancellationToken)
    {
        RootRow? last;
        IReadOnlyList<ChainTail> tails;
        await using (var snapshot = await book.OpenSnapshotAsync(cancellationToken))
        {
            last = await snapshot.LastRootAsync(cancellationToken);
            if (string.CompareOrdinal(last?.Day, Day(day)) >= 0)
                return;

            tails = await snapshot.TailsAsync(End(day), cancellationToken);
        }

        var since = last is null ? long.MinValue : End(DateOnly.ParseExact(last.Day, DayFormat, CultureInfo.InvariantCulture));
        var grown = tails.Where(tail => tail.At >= since).ToArray();
        if (grown.Length > 0)
            await insert(Make(day, grown, last?.Root, keys, at));
    }

    private static RootRow Make(DateOnly day, IEnumerable<ChainTail> tails, byte[]? previous, ReceiptKeys? keys, long at)
    {
        var before = previous ?? BlockBuilder.NoPrevious;
        var inOrder = tails.OrderBy(static tail => tail.Chain, StringComparer.Ordinal).ToArray();
        var root = Hash(Day(day), before, inOrder);
        return new RootRow
        {
            Day = Day(day), Chains = Write(inOrder), Previous = before, Root = root, Signature = keys?.Sign(root), KeyId = keys?.CurrentId, At = at,
        };
    }

    /// <summary>Checks all roots against the blocks; says what is wrong with each.</summary>
    public static async IAsyncEnumerable<string> CheckAsync(
        ProofSnapshot book, ReceiptKeys? keys, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var previous = BlockBuilder.NoPrevious;
        foreach (var row in await book.RootsAsync(cancellationToken))
        {
            if ((await CheckAsync(book, row, previous, cancellationToken) ?? Signatures.Check(keys, row.KeyId, row.Root, row.Signature)) is { } mistake)
                yield return $"the root of {row.Day} {mistake}";
            previous = row.Root;
        }
    }

    private static async Task<string?> CheckAsync(ProofSnapshot book, RootRow row, byte[] previous, CancellationToken cancellationToken)
    {
        if (!row.Previous.AsSpan().SequenceEqual(previous))
            return "does not continue the root before it";

        ChainTail[] tails;
        try
        {
            tails = Read(row.Chains);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return $"names its chains in a form that cannot be read: {exception.Message}";
        }

        if (!Hash(row.Day, row.Previous, tails).AsSpan().SequenceEqual(row.Root))
            return "is not the hash of what it names";
        foreach (var tail in tails)
        {
            var block = await book.FindBlockAsync(tail.Chain, tail.Number, cancellationToken);
            if (block is null)
                return $"names block number {tail.Number} of chain {tail.Chain}, which does not exist";
            if (!block.Hash.AsSpan().SequenceEqual(tail.Hash))
                return $"names another hash of block number {tail.Number} of chain {tail.Chain} than the block has";
        }

        return null;
    }

    private static byte[] Hash(string day, byte[] previous, ChainTail[] tails)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        BlockLayout.Write(bytes, Layout);
        bytes.Write(previous);
        BlockLayout.Write(bytes, day);
        foreach (var tail in tails)
        {
            BlockLayout.Write(bytes, tail.Chain);
            BlockLayout.Write(bytes, tail.Number);
            bytes.Write(tail.Hash);
        }

        return SHA256.HashData(bytes.WrittenSpan);
    }

    private static string Write(ChainTail[] tails)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartArray();
        foreach (var tail in tails)
        {
            json.WriteStartObject();
            json.WriteString("chain", tail.Chain);
            json.WriteNumber("number", tail.Number);
            json.WriteString("hash", Convert.ToHexStringLower(tail.Hash));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return System.Text.Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static ChainTail[] Read(string chains)
    {
        using var json = JsonDocument.Parse(chains);
        return
        [
            .. json.RootElement.EnumerateArray().Select(static chain => new ChainTail
            {
                Chain = chain.GetProperty("chain").GetString() ?? "",
                Number = chain.GetProperty("number").GetInt64(),
                Hash = Convert.FromHexString(chain.GetProperty("hash").GetString() ?? ""),
                At = 0,
            }),
        ];
    }
}
