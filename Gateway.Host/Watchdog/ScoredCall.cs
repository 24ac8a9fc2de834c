using System.Text.Json;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms.Compression;

namespace Gateway.Host.Watchdog;

/// <summary>What a score needs to know of its call, from the receipt's <c>rules[]</c>.</summary>
/// <param name="KeyId">The key that called.</param>
/// <param name="RuleId">The compress rule; <c>null</c>: none did anything.</param>
/// <param name="Tag">The tag that it matched; empty: without one.</param>
/// <param name="Strength">The strength that is compared; off: nothing is.</param>
/// <param name="Arm">The arm.</param>
internal sealed record ScoredCall(string KeyId, string? RuleId, string Tag, Strength Strength, Arm Arm)
{
    /// <summary>The cache's name for the answer that was given or stored; <c>null</c>: no cache rule looked.</summary>
    public string? CacheKey { get; init; }

    /// <summary>Whether a detector watches what happened to it.</summary>
    public bool IsWatched => RuleId is not null && Strength != Strength.Off;

    /// <summary>For example <c>treated</c>.</summary>
    public string ArmName => Arm switch
    {
        Arm.Treated => "treated",
        Arm.Control => "control",
        Arm.Paused => "paused",
        _ => "none",
    };

    /// <summary>The call's detector; only if it is watched.</summary>
    public DetectorKey? DetectorIn(string workspace) => IsWatched ? new DetectorKey(workspace, RuleId!, Tag, Detectors.Name(Strength)) : null;

    /// <summary>Reads a receipt. The first compress rule counts: a second one never acts.</summary>
    /// <param name="receipt">The receipt's document.</param>
    /// <param name="workspace">Its tenant.</param>
    /// <param name="detectors">Where a strength that was stepped down from leads.</param>
    public static ScoredCall Of(ReadOnlyMemory<byte> receipt, string workspace, Detectors detectors)
    {
        using var document = JsonDocument.Parse(receipt);
        var root = document.RootElement;
        var keyId = Text(root, "keyId") ?? "";
        ScoredCall? compressed = null;
        string? cacheKey = null;
        if (root.TryGetProperty("rules", out var rules) && rules.ValueKind == JsonValueKind.Array)
        {
            foreach (var rule in rules.EnumerateArray())
            {
                if (!rule.TryGetProperty("effect", out var effect))
                    continue;
                if (compressed is null && Text(rule, "type") is "compress" && Text(rule, "id") is { } id && Text(effect, "arm") is { } arm)
                    compressed = Of(effect, arm, id, keyId, workspace, detectors);
                else if (Text(rule, "type") is "cache_enable")
                    cacheKey ??= Text(effect, "key");
            }
        }

        return (compressed ?? new ScoredCall(keyId, RuleId: null, "", Strength.Off, Arm.None)) with { CacheKey = cacheKey };
    }

    // What was held out or paused says "off": what it would have been is wanted.
    private static ScoredCall Of(JsonElement effect, string armName, string ruleId, string keyId, string workspace, Detectors detectors)
    {
        var tag = Text(effect, "tag") ?? "";
        var wanted = Detectors.Parse(Text(effect, "wanted"));
        var strength = Detectors.Parse(Text(effect, "strength"));
        return armName switch
        {
            "treated" => new ScoredCall(keyId, ruleId, tag, strength, Arm.Treated),
            // Without tokens saved nothing was done that a score could be about.
            "none" => new ScoredCall(keyId, ruleId, tag, Saved(effect) ? strength : Strength.Off, Arm.None),
            "control" => new ScoredCall(keyId, ruleId, tag, detectors.Resolve(workspace, ruleId, tag, Stronger(wanted, strength)).Strength, Arm.Control),
            _ => new ScoredCall(keyId, ruleId, tag, Stronger(wanted, strength), Arm.Paused),
        };
    }

    private static bool Saved(JsonElement effect) => effect.TryGetProperty("tokensSaved", out var saved) && saved.TryGetInt64(out var tokens) && tokens > 0;

    private static Strength Stronger(Strength left, Strength right) => left > right ? left : right;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
