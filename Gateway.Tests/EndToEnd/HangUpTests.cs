using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Clients that go away, at every byte.</summary>
internal sealed class HangUpTests : EndToEndFixture
{
    [Test]
    public async Task Hanging_up_after_any_byte_of_a_stream_leaves_one_receipt_and_charges_at_most_what_came()
    {
        const string members = ""","stream":true,"max_completion_tokens":10""";
        const string script = "count=4;pause=2;in=20";
        var before = await PostedAsync();
        var length = await LengthAsync(RawHttp.Post(Key, Encoding.UTF8.GetBytes(Request(script, members).Body)));
        var ids = new string[length];

        await EachAsync(length, async k =>
        {
            var (id, body) = Request(script, members);
            ids[k] = id;
            using var client = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), $"Connection: close\r\nX-Run-Id: hang-{id}\r\n"));
            await client.ReadAsync(k);
        });

        await ReleasedAsync();
        var receipts = await ReceiptsAsync(length - 1);
        var spent = 0m;
        using (Assert.EnterMultipleScope())
        {
            foreach (var id in ids)
            {
                // Whoever hangs up before the first byte may never have been admitted: then the provider was not asked either.
                if (id == ids[0] && !receipts.Contains($"hang-{id}") && !Upstream.Calls.ContainsKey(id))
                    continue;

                Assert.That(receipts[$"hang-{id}"].Count(), Is.EqualTo(1), id);
                var receipt = receipts[$"hang-{id}"].First();
                var cost = receipt["cost"]!.GetValue<decimal>();
                var emitted = Upstream.Calls.TryGetValue(id, out var call) ? call.Emitted : 0;
                spent += cost;
                Assert.That(receipt["usage"]!["outputTokens"]!.GetValue<long>(), Is.LessThanOrEqualTo(emitted), id);
                Assert.That(cost, Is.LessThanOrEqualTo(receipt["hold"]!.GetValue<decimal>()), id);
            }
        }

        Assert.That(receipts.Count(static group => group.Key.StartsWith("hang-", StringComparison.Ordinal)), Is.InRange(length - 1, length));
        Assert.That(await PostedAsync(), Is.LessThanOrEqualTo(before - spent));
    }

    [Test]
    public async Task A_plain_call_that_is_hung_up_on_is_read_to_its_end_and_charged()
    {
        var (id, body) = Request("pause=300");
        using (await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), "X-Run-Id: plain\r\n")))
        {
            // Whoever hangs up before the provider is asked is charged nothing, and a first call may take its time to get there.
            for (var tries = 0; tries < 100 && !Upstream.Calls.ContainsKey(id); tries++)
                await Task.Delay(20);
        }

        var receipt = (await WaitForAsync("plain")).Single();

        Assert.That((receipt["outcome"]!.GetValue<string>(), receipt["cost"]!.GetValue<decimal>()), Is.EqualTo(("client_closed", 0.0002744m)));
        Assert.That(receipt["delivery"]!.GetValue<string>(), Is.Not.EqualTo("confirmed"));
    }

    [Test]
    public async Task Hanging_up_on_a_stream_cancels_the_provider()
    {
        var (id, body) = Request("count=1000;pause=5", ""","stream":true""");
        using (var client = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), "X-Run-Id: cancel\r\n")))
            await client.ReadAsync(3000);

        await WaitForAsync("cancel");

        Assert.That(() => Upstream.Calls[id].WasCancelled, Is.True.After(2000, 20));
        Assert.That(Upstream.Calls[id].Emitted, Is.LessThan(1000));
    }

    private static async Task EachAsync(int count, Func<int, Task> action) =>
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (k, _) => await action(k));

    // The answer ends with an empty chunk, after which the connection stays open.
    private async Task<int> LengthAsync(byte[] request)
    {
        using var client = await RawHttp.SendAsync(Gateway.Address, [.. Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(request).Replace("Host: x\r\n", "Host: x\r\nConnection: close\r\n", StringComparison.Ordinal))]);
        return await client.ReadAsync(int.MaxValue);
    }

    private async Task ReleasedAsync()
    {
        for (var tries = 0; tries < 200 && (await BucketAsync("credit"))["held"]!.GetValue<decimal>() != 0; tries++)
            await Task.Delay(50);
        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    private async Task<IReadOnlyList<JsonNode>> WaitForAsync(string run)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var found = (await ReadBookAsync())[run].ToList();
            if (found.Count > 0)
                return found;
            await Task.Delay(50);
        }

        throw new TimeoutException($"No receipt of run {run}.");
    }

    private async Task<ILookup<string, JsonNode>> ReceiptsAsync(int atLeast)
    {
        for (var tries = 0; tries < 100 && (await ReadBookAsync()).Count(static run => run.Key.StartsWith("hang-", StringComparison.Ordinal)) < atLeast; tries++)
            await Task.Delay(50);
        return await ReadBookAsync();
    }

    // REST has no list of receipts, and a client that hung up early never learnt its id: the book knows them all.
    private async Task<ILookup<string, JsonNode>> ReadBookAsync()
    {
        await using var book = new SqliteConnection($"Data Source={Path.Combine(Gateway.Folder, "data", "gateway.db")};Mode=ReadOnly");
        await book.OpenAsync();
        await using var command = book.CreateCommand();
        command.CommandText = "select run_id, body, outcome, cost, delivery from receipt where run_id is not null";
        var receipts = new List<(string Run, JsonNode Body)>();
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            var receipt = JsonNode.Parse((byte[])rows[1])!;
            receipt["outcome"] = rows.GetString(2);
            receipt["cost"] = rows.GetInt64(3) / 1_000_000_000m;
            receipt["delivery"] = rows.GetString(4);
            receipts.Add((rows.GetString(0), receipt));
        }

        return receipts.ToLookup(static row => row.Run, static row => row.Body);
    }
}
