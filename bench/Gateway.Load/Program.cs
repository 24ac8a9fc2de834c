using Gateway.Ledger;
using Gateway.Load;

return args switch
{
    ["upstream", var url] => await Servers.RunUpstreamAsync(url),
    ["yarp", var url, var upstream] => await Servers.RunYarpAsync(url, upstream),
    ["load", var url, var key, var connections, var seconds, var rate] => await PlainLoad.RunAsync(new Uri(url), key, int.Parse(connections), double.Parse(seconds), double.Parse(rate)),
    ["streams", var url, var key, var connections, var seconds, .. var model] when model.Length < 2 =>
        await StreamLoad.RunAsync(new Uri(url), key, int.Parse(connections), double.Parse(seconds), model.FirstOrDefault()),
    ["record", var connectionString, var settlements, var accounts] => await RecordLoad.RunAsync(connectionString, int.Parse(settlements), int.Parse(accounts)),
    ["ledger", var redis, var postgres, var accounts, var rate, var seconds, .. var marker] when marker.Length < 2 =>
        await LedgerRuns.RunAsync(redis, postgres, int.Parse(accounts), double.Parse(rate), double.Parse(seconds), marker.FirstOrDefault()),
    ["soak", var redis, var postgres, var accounts, var rate, var seconds] => await LedgerRuns.SoakAsync(redis, postgres, int.Parse(accounts), double.Parse(rate), double.Parse(seconds)),
    ["embedded", var durability, var rate, var seconds] => await EmbeddedLoad.RunAsync(Enum.Parse<Durability>(durability, ignoreCase: true), double.Parse(rate), double.Parse(seconds)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("upstream URL | yarp URL UPSTREAM | load URL KEY CONNECTIONS SECONDS RATE(0 = closed loop) | streams URL KEY CONNECTIONS SECONDS [MODEL] | record POSTGRES SETTLEMENTS ACCOUNTS | ledger REDIS POSTGRES ACCOUNTS RATE SECONDS [MARKER] | soak REDIS POSTGRES ACCOUNTS RATE SECONDS | embedded DURABILITY RATE SECONDS");
    return 2;
}
