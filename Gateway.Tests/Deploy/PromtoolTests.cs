using System.Diagnostics;
using NUnit.Framework;

namespace Gateway.Tests.Deploy;

/// <summary>Prometheus' own tool reads the committed files; without it the tests are skipped, in CI they fail.</summary>
internal sealed class PromtoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [TestCase("check", "config", "prometheus.yaml")]
    [TestCase("check", "rules", "alerts.yaml")]
    [TestCase("test", "rules", "alerts.test.yaml")]
    public async Task Prometheus_takes_them(params string[] arguments)
    {
        var start = new ProcessStartInfo(Find(), arguments)
        {
            WorkingDirectory = DeployFolder.PathOf("prometheus"),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!; // Find has found it.
        using var deadline = new CancellationTokenSource(Patience);
        var errors = promtool.StandardError.ReadToEndAsync(deadline.Token);
        var output = await promtool.StandardOutput.ReadToEndAsync(deadline.Token);
        await promtool.WaitForExitAsync(deadline.Token);

        Assert.That(promtool.ExitCode, Is.Zero, output + await errors);
    }

    private static string Find()
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(static folder => folder.Length > 0).Select(static folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        if (found is not null)
            return found;

        const string Reason = "promtool is not in PATH (package prometheus).";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Reason);
        Assert.Ignore(Reason);
        throw new InvalidOperationException(Reason);
    }
}
