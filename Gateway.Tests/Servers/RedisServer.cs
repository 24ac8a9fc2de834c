using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;

namespace Gateway.Tests.Servers;

/// <summary>A redis-server of this test run, with an append-only file in a folder of its own.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    // A cluster's bus is at the port plus 10,000: both stay below 32,768, where the ports begin that the system hands out by itself.
    private const int FirstPort = 20_000;
    private const int LastPort = 22_700;
    private const int BusOffset = 10_000;
    private const int Starts = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly Lazy<Task<RedisServer>> Common = new(StartSharedAsync);

    private readonly string folder = Directory.CreateTempSubdirectory("gateway-redis-").FullName;
    private readonly string[] options;
    private readonly StringBuilder printed = new();
    private Process? process;

    private RedisServer(string[] options)
    {
        this.options = options;
        Port = FreePort();
    }

    public int Port { get; }

    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>The server that fixtures share; each test begins by <see cref="FlushAsync"/>. Ignores the test where redis-server is missing, but fails in CI.</summary>
    public static Task<RedisServer> SharedAsync()
    {
        RequireProgram();
        return Common.Value;
    }

    /// <summary>A server for one test, with more <c>--options</c>.</summary>
    public static async Task<RedisServer> StartAsync(params string[] options)
    {
        RequireProgram();
        for (var start = 1; ; start++)
        {
            var server = new RedisServer(options);
            if (await server.TryStartAsync())
                return server;
            var output = server.Printed;
            await server.DisposeAsync();

            // Something else took a port between the look and the start.
            if (start == Starts || !output.Contains("bind", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException("redis-server ended at its start: " + output);
        }
    }

    /// <summary>Three masters that share the slots.</summary>
    public static async Task<RedisServer[]> StartClusterAsync()
    {
        string[] clustered = ["--cluster-enabled", "yes", "--cluster-node-timeout", "500", "--cluster-require-full-coverage", "yes"];
        RedisServer[] nodes = [await StartAsync(clustered), await StartAsync(clustered), await StartAsync(clustered)];
        await nodes[0].CliAsync(["--cluster", "create", .. nodes.Select(node => node.ConnectionString), "--cluster-yes"]);
        var until = Stopwatch.StartNew();
        foreach (var node in nodes)
        {
            while (!(await node.CliAsync("cluster", "info")).Contains("cluster_state:ok", StringComparison.Ordinal))
            {
                Assert.That(until.Elapsed, Is.LessThan(Patience), "The cluster does not come up.");
                await Task.Delay(50);
            }
        }

        return nodes;
    }

    /// <summary>Starts it, again if need be, on what its file has.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        if (!await TryStartAsync())
            Assert.Fail("redis-server ended at its start: " + Printed);
    }

    private string Printed
    {
        get
        {
            lock (printed)
                return printed.ToString();
        }
    }

    private async Task<bool> TryStartAsync()
    {
        var start = new ProcessStartInfo("redis-server")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "no",
                "--enable-debug-command", "yes",
            },
        };
        foreach (var option in options)
            start.ArgumentList.Add(option);
        process = Process.Start(start) ?? throw new InvalidOperationException("redis-server does not start.");
        lock (printed)
            printed.Clear();
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return await ReadyAsync();
    }

    private void Keep(string? line)
    {
        const int most = 16 * 1024;
        lock (printed)
        {
            if (line is not null && printed.Length < most)
                printed.AppendLine(line);
        }
    }

    /// <summary>As a failing machine would end it.</summary>
    public async Task KillAsync()
    {
        if (process is not { HasExited: false } running)
            return;
        running.Kill();
        await running.WaitForExitAsync();
    }

    /// <summary>In order, with everything written.</summary>
    public async Task StopAsync()
    {
        if (process is not { HasExited: false } running)
            return;
        await CliAsync("shutdown", "nosave", "force");
        if (!running.WaitForExit(TimeSpan.FromSeconds(5)))
            await KillAsync();
    }

    /// <summary>Empties it, scripts included.</summary>
    public async Task FlushAsync()
    {
        await CliAsync("flushall");
        await CliAsync("script", "flush");
    }

    /// <summary>Asks by redis-cli.</summary>
    public async Task<string> CliAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("redis-cli") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-p");
        start.ArgumentList.Add($"{Port}");
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var cli = Process.Start(start) ?? throw new InvalidOperationException("redis-cli does not start.");
        var errors = cli.StandardError.ReadToEndAsync();
        var output = await cli.StandardOutput.ReadToEndAsync();
        await errors;
        await cli.WaitForExitAsync();
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<RedisServer> StartSharedAsync()
    {
        var server = await StartAsync();
        SharedServers.AtTheEnd(server.DisposeAsync);
        return server;
    }

    private static void RequireProgram()
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(path => File.Exists(Path.Combine(path, "redis-server")));
        if (found)
            return;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail("redis-server is not on the PATH.");
        Assert.Ignore("redis-server is not on the PATH.");
    }

    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(FirstPort, LastPort);
            if (IsFree(port) && IsFree(port + BusOffset))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <returns>False when it ended instead.</returns>
    private async Task<bool> ReadyAsync()
    {
        var until = Stopwatch.StartNew();
        while ((await CliAsync("ping")).Trim() != "PONG")
        {
            if (process!.HasExited)
            {
                await process.WaitForExitAsync();
                return false;
            }

            Assert.That(until.Elapsed, Is.LessThan(Patience), "redis-server does not answer.");
            await Task.Delay(20);
        }

        // Another server may hold the port and have answered in its place.
        return !process!.HasExited;
    }
}
