using Gateway.Host.Settings;
using Gateway.Ledger;
using Microsoft.Extensions.Configuration;
using NUnit.Framework;

namespace Gateway.Tests.Settings;

internal sealed class GatewaySettingsTests
{
    [Test]
    public void Nothing_configured_gives_the_defaults_of_the_contract()
    {
        var settings = Read();

        Assert.That(settings.BookFile, Is.EqualTo(Path.GetFullPath("data/gateway.db")));
        Assert.That(settings.HoldLease, Is.EqualTo(TimeSpan.FromSeconds(60)));
        Assert.That(settings.MaxRequestBytes, Is.EqualTo(32 << 20));
        Assert.That(settings.Durability, Is.EqualTo(Durability.Power));
    }

    [TestCase("Gateway:Durability", "fast", "Gateway__Durability: \"fast\" is not one of power, process.")]
    [TestCase("Gateway:HoldLease", "2s", "Gateway__HoldLease: \"2s\" is not from 3s to 1h.")]
    [TestCase("Gateway:HoldLease", "3601s", "Gateway__HoldLease: \"3601s\" is not from 3s to 1h.")]
    [TestCase("Gateway:DrainDelay", "301s", "Gateway__DrainDelay: \"301s\" is not from 0s to 5m.")]
    [TestCase("Gateway:InsufficientBalanceStatus", "401", "Gateway__InsufficientBalanceStatus: \"401\" is not one of 402, 403.")]
    [TestCase("Gateway:AdminKey", "tw_api_abcdefghijklmnopqrstuvwx", "Gateway__AdminKey: has 31 characters, not from 32 to 512.")]
    [TestCase("Gateway:MasterKey", "AAAA", "Gateway__MasterKey: is not base64 of 32 bytes.")]
    [TestCase("Gateway:Typo", "1", "Gateway__Typo: is not a setting of this gateway.")]
    public void A_mistake_is_one_line_that_names_the_setting(string name, string value, string message) =>
        Assert.That(Assert.Throws<SettingException>(() => Read((name, value)))?.Message, Is.EqualTo(message));

    [TestCase("ConnectionStrings:Ledger", "Host=db;Password=secret", "Gateway__MasterKey: is required with PostgreSQL")]
    [TestCase("ConnectionStrings:Redis", "localhost,password=secret", "ConnectionStrings__Redis: needs ConnectionStrings__Ledger=Host=…")]
    [TestCase("ConnectionStrings:Ledger", "Password=secret", "ConnectionStrings__Ledger: is not a file path")]
    public void Stores_that_do_not_go_together_are_refused_without_their_password(string name, string value, string message) =>
        Assert.That(Assert.Throws<SettingException>(() => Read((name, value)))?.Message, Does.StartWith(message).And.Not.Contain("secret"));

    [TestCase("3s", 3_000)]
    [TestCase("1h", 3_600_000)]
    [TestCase("4000ms", 4_000)]
    public void Durations_have_their_units(string text, int milliseconds) =>
        Assert.That(Read(("Gateway:HoldLease", text)).HoldLease.TotalMilliseconds, Is.EqualTo(milliseconds));

    private static GatewaySettings Read(params (string Name, string Value)[] values) => GatewaySettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))).Build());
}
