using System.Diagnostics;
using Gateway.Tests.EndToEnd;

namespace Gateway.Tests.Proof;

/// <summary>Runs the built program with a subcommand, as an operator would.</summary>
internal sealed record GatewayCommand(int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<GatewayCommand> RunAsync(string directory, string[] args, byte[]? input = null, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [GatewayProcess.Dll(), .. args])
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        if (input is not null)
            await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(deadline.Token);
        return new GatewayCommand(process.ExitCode, await output, await errors);
    }
}
