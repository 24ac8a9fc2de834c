using Gateway.Host.Telemetry;
using Gateway.Ledger;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

internal sealed class RequestLogTests
{
    [Test]
    public void A_call_is_one_line()
    {
        var receipt = new ReceiptId(Guid.CreateVersion7());

        var lines = Lines("Information", log => log.Write(
            "POST", "/v1/chat/completions", 200, "complete", receipt, "key_1", "fake/echo-1", "fake/echo-1", "ch_1", 2, 24, 3, new Credits(42_000), TimeSpan.FromTicks(123_456)));

        Assert.That(lines, Is.EqualTo((string[])
            [$"POST /v1/chat/completions 200 complete: receipt {receipt}, key key_1, fake/echo-1 by fake/echo-1 on ch_1 in 2 attempts, 24 + 3 tokens, 0.000042 credits, 12.346 ms."]));
    }

    [Test]
    public void A_call_that_was_refused_has_gaps()
    {
        var lines = Lines("Information", static log => log.Write(
            "POST", "/v1/messages", 401, outcome: null, receiptId: null, keyId: null, requestedModel: null, routedModel: null, channel: null, 0, 0, 0, Credits.Zero, TimeSpan.FromMilliseconds(1)));

        Assert.That(lines, Is.EqualTo((string[])
            ["POST /v1/messages 401 -: receipt -, key -, - by - on - in 0 attempts, 0 + 0 tokens, 0 credits, 1 ms."]));
    }

    [Test]
    public void Nothing_is_written_as_it_is_shipped()
    {
        var shipped = new ConfigurationBuilder().AddJsonFile(Path.Combine(Path.GetDirectoryName(Tests.EndToEnd.GatewayProcess.Dll())!, "appsettings.json")).Build();

        Assert.That(shipped[$"Logging:LogLevel:{RequestLog.Category}"], Is.EqualTo("Warning"));
        Assert.That(Lines("Warning", static log => log.Write("POST", "/v1", 200, null, null, null, null, null, null, 0, 0, 0, Credits.Zero, TimeSpan.Zero)), Is.Empty);
    }

    private static IReadOnlyList<string> Lines(string level, Action<RequestLog> write)
    {
        var logger = new FakeLogger();
        using var provider = new OneLogger(logger);
        using var logging = LoggerFactory.Create(builder => builder.AddProvider(provider).AddFilter(RequestLog.Category, Enum.Parse<LogLevel>(level)));
        var log = new RequestLog(logging);
        Assert.That(log.IsEnabled, Is.EqualTo(level == "Information"));
        write(log);
        return logger.Messages;
    }

    private sealed class OneLogger(ILogger logger) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}
