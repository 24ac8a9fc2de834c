using Gateway.Host;
using Gateway.Host.Catalogue;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Microsoft.Extensions.Configuration;
using NUnit.Framework;

namespace Gateway.Tests.Health;

internal sealed class StartUpLineTests
{
    private const string Secret = "hunter2";

    [Test]
    public void It_names_what_the_gateway_runs_on()
    {
        var facts = Facts(new GatewaySettings { BookFile = "/srv/data/gateway.db", SpoolFolder = "/srv/data/spool" }) with
        {
            Version = "1.2.3",
            Runtime = ".NET 10.0.12 on linux-x64, workstation GC",
            Processors = 2,
        };

        Assert.That(StartUpLine.Describe(facts), Is.EqualTo(
            "Gateway 1.2.3 listens on http://127.0.0.1:8080; book: SQLite /srv/data/gateway.db; front: in process; spool: power in /srv/data/spool; "
            + "telemetry: /metrics; 0 channels, 0 models; .NET 10.0.12 on linux-x64, workstation GC, 2 processors."));
    }

    [Test]
    public void Shared_stores_are_named_without_their_passwords()
    {
        var facts = Facts(new GatewaySettings
        {
            BookFile = "",
            SpoolFolder = "/spool",
            Durability = Durability.Process,
            BookConnection = $"Host=db.internal;Port=5433;Database=gateway;Username=gw;Password={Secret}",
            RedisConnection = $"redis-1:6379,redis-2:6379,password={Secret}",
        });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(facts.Book, Is.EqualTo("PostgreSQL db.internal:5433/gateway"));
            Assert.That(facts.Front, Is.EqualTo("Redis redis-1:6379, redis-2:6379"));
            Assert.That(facts.Spool, Is.EqualTo("process in /spool"));
        }
    }

    [TestCase($"Host=db;Password=\"{Secret};Database={Secret}\";Database=gateway", "PostgreSQL db/gateway")]
    [TestCase($"Server=db;DB=gateway;pwd='{Secret};Host=x'", "PostgreSQL db/gateway")]
    [TestCase($"Host=gw:{Secret}@db;Database=gateway", "PostgreSQL (unreadable)/gateway")]
    [TestCase($"Host=a:5432,b:5433;SSL Password={Secret};Passfile=/{Secret}", "PostgreSQL a:5432,b:5433")]
    [TestCase($"Host=/var/run/postgresql;Database=gateway;Options=-c {Secret}", "PostgreSQL /var/run/postgresql/gateway")]
    [TestCase($"Host=db;Database=\"gate\nway {Secret}\"", "PostgreSQL db(unreadable)")]
    public void No_secret_of_a_books_connection_string_is_told(string connection, string told)
    {
        Assert.That(StartUpFacts.PostgresOf(connection), Is.EqualTo(told));
        Assert.That(told, Does.Not.Contain(Secret));
    }

    [TestCase($"r:6379,password=a,{Secret}:6380", "Redis r:6379")]
    [TestCase($"password={Secret},r:6379", "Redis")]
    [TestCase($"redis://gw:{Secret}@r:6379", "Redis (unreadable)")]
    [TestCase($"r:6379, [::1]:6380 ,ssl=true,password={Secret}", "Redis r:6379, [::1]:6380")]
    public void No_secret_of_a_redis_string_is_told(string connection, string told)
    {
        Assert.That(StartUpFacts.RedisOf(connection), Is.EqualTo(told));
        Assert.That(told, Does.Not.Contain(Secret));
    }

    [Test]
    public void Telemetry_is_told_without_credentials_of_its_receiver()
    {
        var told = Telemetry(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"https://gw:{Secret}@collector:4317/{Secret}?token={Secret}"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/v1/traces"),
            ("OTEL_EXPORTER_OTLP_HEADERS", $"authorization={Secret}"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.01"));

        Assert.That(told, Is.EqualTo("/metrics, OTLP to https://collector:4317, http://traces:4318, sampler parentbased_traceidratio 0.01"));
    }

    [Test]
    public void Telemetry_that_is_not_sent_is_told_to_be_at_metrics_alone() => Assert.That(Telemetry(), Is.EqualTo("/metrics"));

    private static string Telemetry(params (string Name, string Value)[] values) => StartUpFacts.TelemetryOf(Configuration(values));

    private static StartUpFacts Facts(GatewaySettings settings) => StartUpFacts.Of(settings, Configuration(), ["http://127.0.0.1:8080"], CatalogueSnapshot.Empty);

    private static IConfigurationRoot Configuration(params (string Name, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(static pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))).Build();
}
