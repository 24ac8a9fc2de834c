using System.Diagnostics;
using NUnit.Framework;

namespace Gateway.Tests.Servers;

/// <summary>PostgreSQL's own programs, run by a user that they accept: they refuse root.</summary>
internal sealed class PostgresPrograms
{
    private const string User = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder;

    private PostgresPrograms(string folder) => this.folder = folder;

    private static bool IsRoot => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows();

    /// <summary>The installed programs; without them the test is skipped, or fails where <c>CI=true</c>.</summary>
    public static PostgresPrograms Require()
    {
        if (Find() is { } found)
            return new PostgresPrograms(found);

        const string Reason = "PostgreSQL is not installed: no initdb in PATH or in /usr/lib/postgresql/*/bin.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Reason);
        Assert.Ignore(Reason);
        throw new InvalidOperationException(Reason);
    }

    /// <summary>Gives a folder to the user that the programs run as.</summary>
    public async Task GiveAsync(string path)
    {
        if (IsRoot)
            await RunAsync(new ProcessStartInfo("chown", ["-R", User, path]));
    }

    /// <summary>Runs one program to its end; throws with its output if it fails.</summary>
    public Task RunAsync(string program, string workingDirectory, params string[] arguments)
    {
        var path = Path.Combine(folder, program);
        var start = IsRoot
            ? new ProcessStartInfo("runuser", ["-u", User, "--", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        start.WorkingDirectory = workingDirectory;
        return RunAsync(start);
    }

    private static async Task RunAsync(ProcessStartInfo start)
    {
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        using var deadline = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}: {await output}{await errors}");
        await Task.WhenAll(output, errors);
    }

    private static string? Find()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(static version => version.Length).ThenByDescending(static version => version)
                .Select(static version => Path.Combine(version, "bin"))
            : [];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(installed)
            .FirstOrDefault(static candidate => candidate.Length > 0 && File.Exists(Path.Combine(candidate, "initdb")));
    }
}
