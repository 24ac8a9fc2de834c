using System.Diagnostics;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary>Prometheus' own reader of its text.</summary>
internal static class Promtool
{
    /// <summary>Its exit code, and what it complains of: 0, 1 for a text that cannot be read, 3 for names against its taste.</summary>
    public static async Task<(int Code, IReadOnlyList<string> Complaints)> CheckAsync(string text)
    {
        Require();
        var start = new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start) ?? throw new InvalidOperationException("promtool did not start.");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var errors = promtool.StandardError.ReadToEndAsync(patience.Token);
        var output = promtool.StandardOutput.ReadToEndAsync(patience.Token);
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync(patience.Token);
        return (promtool.ExitCode, (await errors + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Require()
    {
        if ((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "promtool"))))
            return;
        const string Reason = "promtool is not installed: it comes with Prometheus.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Reason);
        Assert.Ignore(Reason);
    }
}
