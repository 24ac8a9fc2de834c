using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Crash;

/// <summary>The built gateway as a process of its own, in a working directory of its own.</summary>
internal sealed class GatewayProcess : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly ConcurrentQueue<string> errors = new();

    private GatewayProcess(Process process, string address)
    {
        this.process = process;
        Address = address;
        process.OutputDataReceived += (_, line) => Note(output, line.Data);
        process.ErrorDataReceived += (_, line) => Note(errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Address { get; }

    public IReadOnlyList<string> Output => [.. output];

    public IReadOnlyList<string> Errors => [.. errors];

    /// <summary>A free port below the ephemeral ones, so that no outgoing connection takes it while the gateway is down.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 30_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }

    /// <summary>Starts it, and does not wait.</summary>
    public static GatewayProcess Start(string directory, int port, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Program()])
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        var address = $"http://127.0.0.1:{port}";
        start.Environment["URLS"] = address;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return new GatewayProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."), address);
    }

    /// <summary>Waits until it answers; throws with its output if it ends or takes too long.</summary>
    public async Task AnswersAsync()
    {
        using var client = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The gateway ended with {process.ExitCode}: {Text()}");
            try
            {
                using var answer = await client.GetAsync($"{Address}/health/live");
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(started) < StartPatience)
            {
                await Task.Delay(10);
            }
        }
    }

    /// <summary>Waits for a line of its standard output that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < StartPatience)
        {
            if (output.FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } line)
                return line;
            await Task.Delay(10);
        }

        throw new TimeoutException($"No line begins with '{beginning}': {Text()}");
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary><c>SIGTERM</c>, without waiting for the end.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(EndPatience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    public string Text() => string.Join('\n', output.Concat(errors));

    // The tests' own folder is Gateway.Tests/bin/<configuration>/net10.0.
    private static string Program()
    {
        var framework = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        var configuration = framework.Parent?.Name ?? "Debug";
        for (var folder = framework; folder is not null; folder = folder.Parent)
        {
            var program = Path.Combine(folder.FullName, "Gateway.Host", "bin", configuration, framework.Name, "Gateway.Host.dll");
            if (File.Exists(program))
                return program;
        }

        throw new FileNotFoundException($"Gateway.Host.dll was not built in {configuration}/{framework.Name}.");
    }

    private static void Note(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }
}
