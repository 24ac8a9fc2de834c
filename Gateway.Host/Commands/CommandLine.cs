namespace Gateway.Host.Commands;

/// <summary>The program's subcommands: what it can do instead of serving.</summary>
internal static class CommandLine
{
    /// <summary>Everything was checked, and nothing is wrong.</summary>
    public const int Ok = 0;

    /// <summary>Something is wrong.</summary>
    public const int Different = 1;

    /// <summary>It could not be checked: arguments, settings, files, the connection.</summary>
    public const int CannotCheck = 2;

    private const string Usage = """
        Usage: Gateway.Host [settings]                            serves; settings as --Name value
               Gateway.Host verify-ledger [--front] [settings]    checks the whole book
               Gateway.Host verify-receipt FILE [--keys FILE]     checks one receipt offline; FILE "-" is the standard input
        """;

    /// <summary>Whether the first argument is a subcommand rather than a setting.</summary>
    public static bool IsCommand(string[] args) => args.Length > 0 && args[0].Length > 0 && args[0][0] is not ('-' or '/') && !args[0].Contains('=', StringComparison.Ordinal);

    /// <summary>Runs the subcommand; the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        switch (args[0])
        {
            case "verify-ledger":
                return await VerifyLedgerCommand.RunAsync(args[1..], Console.Out, Console.Error, cancellationToken);
            case "verify-receipt":
                return await VerifyReceiptCommand.RunAsync(args[1..], Console.Out, Console.Error, cancellationToken);
            default:
                await Console.Error.WriteLineAsync($"\"{args[0]}\" is not a command.{Environment.NewLine}{Usage}");
                return CannotCheck;
        }
    }
}
