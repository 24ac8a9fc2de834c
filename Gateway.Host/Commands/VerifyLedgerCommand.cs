using System.Data.Common;
using System.Globalization;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Proof;

namespace Gateway.Host.Commands;

/// <summary><c>verify-ledger</c>: checks the book that the settings name, with <c>--front</c> also the front that several gateways share, while gateways may go on using it; starts nothing, locks nothing, makes nothing.</summary>
internal static class VerifyLedgerCommand
{
    private const string FrontOption = "--front";

    /// <summary>Prints a line for each check, and the first difference of each that has one.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            var withFront = args.Contains(FrontOption, StringComparer.Ordinal);
            var settings = GatewaySettings.Read(ProgramSettings.CreateBuilder([.. args.Where(static argument => argument is not FrontOption)]).Configuration);
            if (withFront && settings.BookConnection is null)
                throw new SettingException(FrontOption, "with SQLite the front is inside its gateway; there is no shared front that could be compared from outside.");

            using var keys = MasterKeyFile.Load(settings).DeriveReceiptKeys();
            var options = settings.ToLedgerOptions() with { Keys = keys };
            await using var front = withFront ? FrontComparison.Of(options) : null;
            var verifier = LedgerVerifier.Of(options, front);
            return await PrintAsync(verifier, output, cancellationToken);
        }
        catch (Exception exception) when (exception is SettingException or BookSettingException or FrontSettingException or IOException or UnauthorizedAccessException or DbException)
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
