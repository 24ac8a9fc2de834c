using System.Text.Json;
using Gateway.Host.Api;
using Gateway.Host.Catalogue;
using NUnit.Framework;

namespace Gateway.Tests.Catalogue;

internal sealed class ChannelFieldsTests
{
    [TestCase("breakFailureRatio", "0.05", true)]
    [TestCase("breakFailureRatio", "0.0499", false)]
    [TestCase("breakFailureRatio", "1", true)]
    [TestCase("breakFailureRatio", "1.0001", false)]
    [TestCase("breakMinimumCalls", "2", true)]
    [TestCase("breakMinimumCalls", "1", false)]
    [TestCase("breakMinimumCalls", "1000", true)]
    [TestCase("breakMinimumCalls", "1001", false)]
    [TestCase("breakWindowMs", "500", true)]
    [TestCase("breakWindowMs", "499", false)]
    [TestCase("breakWindowMs", "600000", true)]
    [TestCase("breakWindowMs", "600001", false)]
    [TestCase("breakMs", "500", true)]
    [TestCase("breakMs", "499", false)]
    [TestCase("breakMs", "600000", true)]
    [TestCase("breakMs", "600001", false)]
    [TestCase("probeIntervalMs", "500", true)]
    [TestCase("probeIntervalMs", "499", false)]
    [TestCase("probeIntervalMs", "3600000", true)]
    [TestCase("probeIntervalMs", "3600001", false)]
    [TestCase("hedgeAfterMs", "10", true)]
    [TestCase("hedgeAfterMs", "9", false)]
    [TestCase("hedgeAfterMs", "600000", true)]
    [TestCase("hedgeAfterMs", "600001", false)]
    [TestCase("probePath", "\"/models\"", true)]
    [TestCase("probePath", "\"/api/tags%20x\"", true)]
    [TestCase("probePath", "\"\"", false)]
    [TestCase("probePath", "\"/\"", false)]
    [TestCase("probePath", "\"models\"", false)]
    [TestCase("probePath", "\"/models?x=1\"", false)]
    [TestCase("probePath", "\"/models#x\"", false)]
    [TestCase("probePath", "\"/mo dels\"", false)]
    [TestCase("probePath", "\"/mo\\\\dels\"", false)]
    [TestCase("probePath", "\"/mod\\u00e8les\"", false)]
    [TestCase("probePath", "\"/models\\r\\nX: y\"", false)]
    public void Health_and_hedging_have_limits(string field, string value, bool valid)
    {
        var errors = new ChannelFieldsValidator().Validate(Fields($",\"{field}\":{value}")).Errors;

        Assert.That(errors.Select(static error => JsonField.CamelCase(error.PropertyName)), valid ? Is.Empty : Is.EqualTo(new[] { field }));
    }

    [TestCase(256, true)]
    [TestCase(257, false)]
    public void A_probe_path_has_at_most_256_characters(int length, bool valid) =>
        Assert.That(new ChannelFieldsValidator().Validate(Fields() with { ProbePath = $"/{new string('x', length - 1)}" }).IsValid, Is.EqualTo(valid));

    [Test]
    public void What_is_not_said_has_a_default()
    {
        var channel = Fields().ToChannel("ch_a", Source.Rest);

        Assert.That(channel.Breaker, Is.EqualTo(new ChannelBreaker { FailureRatio = 0.5, MinimumCalls = 5, Window = TimeSpan.FromSeconds(10), Break = TimeSpan.FromSeconds(5) }));
        Assert.That((channel.ProbePath, channel.ProbeInterval, channel.HedgeAfter), Is.EqualTo(((string?)null, TimeSpan.FromSeconds(10), (TimeSpan?)null)));
    }

    [Test]
    public void What_is_said_counts()
    {
        var channel = Fields(""","breakFailureRatio":0.25,"breakMinimumCalls":9,"breakWindowMs":2000,"breakMs":700,"probePath":"/models","probeIntervalMs":600,"hedgeAfterMs":50""")
            .ToChannel("ch_a", Source.Rest);

        Assert.That(channel.Breaker, Is.EqualTo(new ChannelBreaker { FailureRatio = 0.25, MinimumCalls = 9, Window = TimeSpan.FromSeconds(2), Break = TimeSpan.FromSeconds(0.7) }));
        Assert.That((channel.ProbePath, channel.ProbeInterval, channel.HedgeAfter), Is.EqualTo(("/models", TimeSpan.FromSeconds(0.6), (TimeSpan?)TimeSpan.FromSeconds(0.05))));
    }

    private static ChannelFields Fields(string more = "") => JsonSerializer.Deserialize<ChannelFields>(
        $$"""{"name":"n","provider":"fake","baseUrl":"https://example.com/v1","routeType":"official","models":[{"model":"m"}]{{more}}}""", ApiJson.Options)!;
}
