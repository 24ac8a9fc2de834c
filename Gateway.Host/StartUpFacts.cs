using System.Data.Common;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using Gateway.Host.Catalogue;
using Gateway.Host.Settings;
using Gateway.Ledger;

namespace Gateway.Host;

/// <summary>What this process runs on, as its start-up line tells it: nothing in it is a secret.</summary>
internal sealed record StartUpFacts
{
    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

    /// <summary>Where it listens.</summary>
    public required IReadOnlyCollection<string> Urls { get; init; }

    /// <summary>Where receipts and balances are kept.</summary>
    public required string Book { get; init; }

    /// <summary>What admits calls.</summary>
    public required string Front { get; init; }

    /// <summary>What a settlement survives, and the folder that it is in.</summary>
    public required string Spool { get; init; }

    /// <summary>Where traces, metrics and logs go.</summary>
    public required string Telemetry { get; init; }

    /// <summary>How many channels there are, those that are not in use included.</summary>
    public required int Channels { get; init; }

    /// <summary>How many models there are.</summary>
    public required int Models { get; init; }

    /// <summary>The runtime, and how it collects.</summary>
    public required string Runtime { get; init; }

    /// <summary>How many processors the runtime sees.</summary>
    public required int Processors { get; init; }

    /// <summary>Gathers them.</summary>
    public static StartUpFacts Of(GatewaySettings settings, IConfiguration configuration, ICollection<string> urls, CatalogueSnapshot catalogue) => new()
    {
        Version = typeof(StartUpFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        Urls = [.. urls],
        Book = settings.BookConnection is { } connection ? PostgresOf(connection) : $"SQLite {settings.BookFile}",
        Front = settings switch
        {
            { RedisConnection: { } redis } => RedisOf(redis),
            { BookConnection: not null } => "rows of the book",
            _ => "in process",
        },
        Spool = $"{(settings.Durability == Durability.Power ? "power" : "process")} in {settings.SpoolFolder}",
        Telemetry = TelemetryOf(configuration),
        Channels = catalogue.Channels.Count,
        Models = catalogue.Models.Count,
        Runtime = $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC",
        Processors = Environment.ProcessorCount,
    };

    /// <summary>Host, port and database of a connection string, and nothing else of it.</summary>
    public static string PostgresOf(string connection)
    {
        var parts = new DbConnectionStringBuilder { ConnectionString = connection };
        var host = Part(parts, "Host", "Server") ?? "?";
        var port = Part(parts, "Port") is { } given ? $":{given}" : "";
        var database = Part(parts, "Database", "DB") is { } name ? $"/{name}" : "";
        return $"PostgreSQL {SafeText.Address(host)}{SafeText.Address(port)}{SafeText.Name(database)}";
    }

    /// <summary>The endpoints of a Redis connection string that come before its first option: what follows one may be the rest of a password with a comma in it.</summary>
    public static string RedisOf(string connection)
    {
        var endpoints = connection.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .TakeWhile(static part => !part.Contains('=', StringComparison.Ordinal))
            .Select(SafeText.Address)
            .ToList();
        return endpoints.Count == 0 ? "Redis" : $"Redis {string.Join(", ", endpoints)}";
    }

    /// <summary>The receiver of OTLP and the sampler, from the standard OpenTelemetry variables; headers hold credentials and are left out.</summary>
    public static string TelemetryOf(IConfiguration configuration)
    {
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase))
            return "off";

        var endpoints = ((string[])["", "TRACES_", "METRICS_", "LOGS_"])
            .Select(signal => configuration[$"OTEL_EXPORTER_OTLP_{signal}ENDPOINT"])
            .Where(static endpoint => !string.IsNullOrWhiteSpace(endpoint))
            .Select(static endpoint => SafeText.Origin(endpoint!))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (endpoints.Count == 0)
            return "/metrics";

        var sampler = configuration["OTEL_TRACES_SAMPLER"] is { Length: > 0 } name ? SafeText.Name(name) : "parentbased_always_on";
        var argument = configuration["OTEL_TRACES_SAMPLER_ARG"] is { Length: > 0 } value ? $" {SafeText.Name(value)}" : "";
        return $"/metrics, OTLP to {string.Join(", ", endpoints)}, sampler {sampler}{argument}";
    }

    private static string? Part(DbConnectionStringBuilder parts, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (parts.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text)
                return text;
        }

        return null;
    }
}
