using System.Diagnostics;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Runs a script of the folder <c>node</c>, where <c>npm ci</c> has put the official packages; without them the test is skipped, in CI it fails.</summary>
internal static class NodeScript
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../EndToEnd/node"));

    /// <summary>What it printed.</summary>
    public static async Task<JsonNode> RunAsync(string script, params (string Name, string Value)[] environment)
    {
        using var node = await StartAsync(script, environment);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var errors = node.StandardError.ReadToEndAsync(deadline.Token);
        var text = await node.StandardOutput.ReadToEndAsync(deadline.Token);
        await node.WaitForExitAsync(deadline.Token);
        Assert.That(node.ExitCode, Is.Zero, await errors);
        return JsonNode.Parse(text)!;
    }

    /// <summary>The running script, its standard streams redirected.</summary>
    public static async Task<Process> StartAsync(string script, params (string Name, string Value)[] environment)
    {
        foreach (var (package, _) in JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "package.json")))!["dependencies"]!.AsObject())
        {
            if (!Directory.Exists(Path.Combine(Folder, "node_modules", package)))
                Missing($"Run 'npm ci' in {Folder}: the package {package} is not installed.");
        }

        var start = new ProcessStartInfo("node", [script])
        {
            UseShellExecute = false,
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Start(start);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            Missing($"node cannot be started: {missing.Message}");
            throw;
        }
    }

    private static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(reason);
        Assert.Ignore(reason);
    }
}
