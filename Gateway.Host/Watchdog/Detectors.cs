using System.Collections.Concurrent;
using System.Text.Json;
using Gateway.Ledger.Book;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>What this gateway knows of every detector: read by the request path, and newer than the store's at most for the moment of a reload.</summary>
internal sealed partial class Detectors(IScoreStore store, ILogger<Detectors> log)
{
    /// <summary>Most detectors that are kept; of more, the first by id. A conversation whose detector is not kept goes as its rule says.</summary>
    public const int Capacity = 100_000;

    private const int PageSize = 500;

    private readonly ConcurrentDictionary<Watched, Known> known = new();

    /// <summary>The detector; <c>null</c>: there is none.</summary>
    public DetectorSummary? Find(string workspace, string ruleId, string tag, Strength strength) =>
        known.TryGetValue(new Watched(workspace, ruleId, tag, strength), out var found) ? found.Summary : null;

    /// <summary>Goes from the strength that a rule asks for to the one that is served since the last resume, and to its detector.</summary>
    public (Strength Strength, DetectorSummary? Detector) Resolve(string workspace, string ruleId, string tag, Strength wanted)
    {
        var strength = wanted;
        while (true)
        {
            var detector = Find(workspace, ruleId, tag, strength);
            if (detector is null || detector.IsPaused || detector.Serves >= strength)
                return (strength, detector);
            strength = detector.Serves;
        }
    }

    /// <summary>How many are paused.</summary>
    public int PausedCount => known.Values.Count(static detector => detector.Summary.IsPaused);

    /// <summary>The paused detectors whose rest is over.</summary>
    public IReadOnlyList<DetectorKey> Rested(DateTimeOffset now) =>
        [.. known.Values.Where(detector => detector.Summary is { Phase: DetectorPhase.Paused, RestsUntil: { } until } && until <= now).Select(static detector => detector.Key)];

    /// <summary>Takes what was just written, unless something newer is known.</summary>
    public void Set(DetectorKey key, ReadOnlySpan<byte> summary)
    {
        if (Read(key, summary) is not { } detector || (known.Count >= Capacity && !known.ContainsKey(detector.Watched)))
            return;
        known.AddOrUpdate(
            detector.Watched,
            static (_, added) => added,
            static (_, kept, added) => added.Summary.Changes >= kept.Summary.Changes ? added : kept,
            detector);
    }

    /// <summary>Reads them all anew.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await store.ListDetectorsAsync(workspace: null, PageSize, cursor, cancellationToken);
            foreach (var detector in page.Data)
                Set(detector.Key, detector.Summary);
            cursor = known.Count < Capacity ? page.NextCursor : null;
        }
        while (cursor is not null);
    }

    /// <summary>For example <c>medium</c>.</summary>
    public static string Name(Strength strength) => strength switch
    {
        Strength.Light => "light",
        Strength.Medium => "medium",
        Strength.Aggressive => "aggressive",
        _ => "off",
    };

    /// <summary>Reads what <see cref="Name"/> wrote; anything else is off.</summary>
    public static Strength Parse(string? name) => name switch
    {
        "light" => Strength.Light,
        "medium" => Strength.Medium,
        "aggressive" => Strength.Aggressive,
        _ => Strength.Off,
    };

    // A summary that this program cannot read is another version's: the rule then goes unwatched here, and the log says so.
    private Known? Read(DetectorKey key, ReadOnlySpan<byte> summary)
    {
        try
        {
            return JsonSerializer.Deserialize<DetectorSummary>(summary, DetectorJson.Options) is { } read
                ? new Known(key, new Watched(key.Workspace, key.RuleId, key.Tag, Parse(key.Strength)), read)
                : null;
        }
        catch (JsonException mistake)
        {
            LogUnreadable(key.Id, mistake.Message);
            return null;
        }
    }

    [LoggerMessage(410, LogLevel.Error, "The detector {DetectorId} cannot be read, and its rule is not watched by this gateway: {Mistake}")]
    private partial void LogUnreadable(string detectorId, string mistake);

    private readonly record struct Watched(string Workspace, string RuleId, string Tag, Strength Strength);

    private sealed record Known(DetectorKey Key, Watched Watched, DetectorSummary Summary);
}
