using Gateway.Ledger;
using Gateway.Load;

if (args is not ["commands"])
    return await RunAsync(args);

// One generator for all of a comparison: it is compiled once, and starts no process beside what is measured.
while (Console.ReadLine() is { } line)
{
    try
    {
        if (await RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) != 0)
            Console.WriteLine("error no such command");
    }
    catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or FormatException or HttpRequestException)
    {
        Console.WriteLine($"error {exception.Message}");
    }
}

return 0;

static async Task<int> RunAsync(string[] command)
{
    switch (command)
    {
        case ["load", var url, var key, var connections, var seconds, var rate, .. var options]:
            LoadRuns.Plain(new Uri(url), key, int.Parse(connections), double.Parse(seconds), double.Parse(rate), options);
            return 0;
        case ["streams", var url, var key, var connections, var seconds, .. var options]:
            LoadRuns.Streams(new Uri(url), key, int.Parse(connections), double.Parse(seconds), options);
            return 0;
        case ["first", var url, var key, var since, .. var options]:
            LoadRuns.First(new Uri(url), key, long.Parse(since), options);
            return 0;
        case ["mixed", var url, var key, var workers, var seconds]:
            return await MixedLoad.RunAsync(new Uri(url), key, int.Parse(workers), double.Parse(seconds));
        case ["keys", var api, var admin, var count, var file]:
            return await ManyKeys.MakeAsync(new Uri(api), admin, int.Parse(count), file);
        case ["receipts", var book, var count]:
            return FilledBook.AddReceipts(book, int.Parse(count));
        case ["rules", var book, var count]:
            return FilledBook.AddRules(book, int.Parse(count));
        case ["disk", var folder, var flushes]:
            return Disk.Measure(folder, int.Parse(flushes));
        case ["upstream", var url]:
            return await MockUpstream.RunAsync(url);
        case ["yarp", var url, var upstream]:
            return await Servers.RunYarpAsync(url, upstream);
        case ["otlp-sink", var url]:
            return await Servers.RunOtlpSinkAsync(url);
        case ["record", var connectionString, var settlements, var accounts]:
            return await RecordLoad.RunAsync(connectionString, int.Parse(settlements), int.Parse(accounts));
        case ["ledger", var redis, var postgres, var accounts, var rate, var seconds, .. var marker] when marker.Length < 2:
            return await LedgerRuns.RunAsync(redis, postgres, int.Parse(accounts), double.Parse(rate), double.Parse(seconds), marker.FirstOrDefault());
        case ["soak", var redis, var postgres, var accounts, var rate, var seconds]:
            return await LedgerRuns.SoakAsync(redis, postgres, int.Parse(accounts), double.Parse(rate), double.Parse(seconds));
        case ["embedded", var durability, var rate, var seconds]:
            return await EmbeddedLoad.RunAsync(Enum.Parse<Durability>(durability, ignoreCase: true), double.Parse(rate), double.Parse(seconds));
        default:
            Console.Error.WriteLine("""
                load URL KEY CONNECTIONS SECONDS RATE(0 = closed loop) [body=BYTES] [HEADER:VALUE]…      KEY may be @FILE, one a line
                streams URL KEY CONNECTIONS SECONDS [model=M] [chunks=N] [gap=MS] [HEADER:VALUE]…
                first URL KEY SINCE_UNIX_NANOSECONDS [HEADER:VALUE]…
                mixed URL KEY WORKERS SECONDS
                keys API ADMIN_KEY COUNT FILE
                receipts SQLITE_FILE COUNT | rules SQLITE_FILE COUNT | disk FOLDER FLUSHES
                upstream URL | yarp URL UPSTREAM | otlp-sink URL
                record POSTGRES SETTLEMENTS ACCOUNTS | ledger REDIS POSTGRES ACCOUNTS RATE SECONDS [MARKER] | soak REDIS POSTGRES ACCOUNTS RATE SECONDS
                embedded process|power RATE SECONDS
                commands     (reads commands from its input, a line each)
                """);
            return 2;
    }
}
