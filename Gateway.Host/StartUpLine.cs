namespace Gateway.Host;

/// <summary>The one line that says what a gateway runs on, so that its log answers the first questions of whoever reads it.</summary>
internal static partial class StartUpLine
{
    /// <summary>The category of the line.</summary>
    public const string Category = "Gateway";

    /// <summary>Logs it at Information.</summary>
    public static void Log(ILoggerFactory logging, StartUpFacts facts)
    {
        var logger = logging.CreateLogger(Category);
        if (logger.IsEnabled(LogLevel.Information))
            LogStarted(logger, Describe(facts));
    }

    /// <summary>The text of the line.</summary>
    public static string Describe(StartUpFacts facts) =>
        $"Gateway {facts.Version} listens on {string.Join(", ", facts.Urls)}; book: {facts.Book}; front: {facts.Front}; spool: {facts.Spool}; "
        + $"telemetry: {facts.Telemetry}; {Count(facts.Channels, "channel")}, {Count(facts.Models, "model")}; {facts.Runtime}, {Count(facts.Processors, "processor")}.";

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    [LoggerMessage(1, LogLevel.Information, "{Line}")]
    private static partial void LogStarted(ILogger logger, string line);
}
