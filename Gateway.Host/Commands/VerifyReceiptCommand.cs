using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger.Proof;

namespace Gateway.Host.Commands;

/// <summary><c>verify-receipt</c>: checks one receipt as it was served, without book, gateway or network.</summary>
internal static class VerifyReceiptCommand
{
    private const string StandardInput = "-";
    private const string KeysOption = "--keys";

    // A receipt has a kilobyte or two, a key set a few hundred bytes for each key.
    private const int MostBytes = 16 << 20;

    /// <summary>Prints a line for each thing that was looked at.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        if (args is not ([_] or [_, KeysOption, _]) || (args[0].StartsWith('-') && args[0] is not StandardInput))
        {
            await errors.WriteLineAsync("Usage: Gateway.Host verify-receipt FILE [--keys FILE]; FILE \"-\" is the standard input.");
            return CommandLine.CannotCheck;
        }

        try
        {
            var receipt = await ReadAsync(args[0], cancellationToken);
            using var keys = await KeysAsync(args.Length > 1 ? args[2] : null, cancellationToken);
            var findings = ReceiptVerifier.Verify(receipt, keys);
            foreach (var finding in findings)
                await output.WriteLineAsync($"{(finding.Ok ? "ok         " : "DIFFERENT  ")}{finding.Words}");
            return findings.All(static finding => finding.Ok) ? CommandLine.Ok : CommandLine.Different;
        }
        catch (FormatException mistake)
        {
            await errors.WriteLineAsync($"{args[0]} is not a receipt that can be checked: {mistake.Message.ReplaceLineEndings(" ")}");
            return CommandLine.CannotCheck;
        }
        catch (Exception exception) when (exception is SettingException or IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"The receipt cannot be checked. {exception.Message.ReplaceLineEndings(" ")}");
            return CommandLine.CannotCheck;
        }
    }

    private static async Task<ReceiptKeys> KeysAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null)
            return MasterKeyFile.Load(GatewaySettings.Read(ProgramSettings.CreateBuilder([]).Configuration)).DeriveReceiptKeys();
        return ReceiptKeys.TryParse(await ReadAsync(file, cancellationToken), out var keys)
            ? keys
            : throw new IOException($"{file} is not a key set as GET /v1/receipts/keys serves it.");
    }

    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = file is StandardInput ? Console.OpenStandardInput() : File.OpenRead(file);
        using var bytes = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (bytes.Length + read > MostBytes)
                throw new IOException($"{file} has more than {MostBytes} bytes.");
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}
