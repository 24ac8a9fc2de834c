using System.Data.Common;
using System.Globalization;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger.Book;
using Gateway.Ledger.Proof;

namespace Gateway.Host.Commands;

/// <summary><c>verify-ledger</c>: checks the book that the settings name, while gateways may go on using it; starts nothing, locks nothing, makes nothing.</summary>
internal static class VerifyLedgerCommand
{
    private const string FrontOption = "--front";

    /// <summary>Prints a line for each check, and the first difference of each that has one.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            if (args.Contains(FrontOption, StringComparer.Ordinal))
                throw new SettingException(FrontOption, "the in-process front is inside its gateway; only a shared front can be compared from outside.");

            var settings = GatewaySettings.Read(ProgramSettings.CreateBuilder(args).Configuration);
            using var keys = MasterKeyFile.Load(settings).DeriveReceiptKeys();
            var verifier = LedgerVerifier.Of(settings.ToLedgerOptions() with { Keys = keys }, front: null);
            return await PrintAsync(verifier, output, cancellationToken);
        }
        catch (Exception exception) when (exception is SettingException or BookSettingException or IOException or UnauthorizedAccessException or DbException)
        {
            await errors.WriteLineAsync($"The ledger cannot be checked. {exception.Message.ReplaceLineEndings(" ")}");
            return CommandLine.CannotCheck;
        }
    }

    private static async Task<int> PrintAsync(LedgerVerifier verifier, TextWriter output, CancellationToken cancellationToken)
    {
        var wrong = 0;
        var checks = 0;
        await foreach (var check in verifier.RunAsync(cancellationToken))
        {
            checks++;
            wrong += check.First is null ? 0 : 1;
            await output.WriteLineAsync(Line(check));
        }

        await output.WriteLineAsync(wrong == 0
            ? $"All {checks} checks hold."
            : $"{wrong} of {checks} checks found differences. Nothing was changed.");
        return wrong == 0 ? CommandLine.Ok : CommandLine.Different;
    }

    private static string Line(CheckResult check)
    {
        var examined = string.Create(CultureInfo.InvariantCulture, $"{check.Examined:N0} {check.Of}, {check.Time.TotalMilliseconds:0} ms");
        if (check.First is null)
            return $"ok         {check.Name} ({examined})";

        var many = check.Differences >= LedgerVerifier.MostDifferences ? " or more" : "";
        return string.Create(CultureInfo.InvariantCulture, $"DIFFERENT  {check.Name} ({examined}; {check.Differences}{many} differ), the first: {check.First}");
    }
}
