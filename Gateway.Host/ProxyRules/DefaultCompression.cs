using System.Text.Json.Nodes;
using Gateway.Transforms;
using Gateway.Transforms.Compression;

namespace Gateway.Host.ProxyRules;

/// <summary>The strengths of a workspace and its tags work without a <c>compress</c> rule: this one, last of its type, stands for them.</summary>
internal static class DefaultCompression
{
    /// <summary>Its id on receipts.</summary>
    public const string Id = "workspace";

    private const string TypeName = "compress";

    /// <summary>The rule; <c>null</c>: nothing asks for compression, it is switched off, or this gateway has no such rule type.</summary>
    public static CompiledRule? Of(RuleSettings settings, RuleTypes types, RuleServices services)
    {
        string[] tags = [.. settings.TagStrengths.Where(static tag => tag.Value != Strength.Off).Select(static tag => tag.Key)];
        var byDefault = settings.DefaultStrength != Strength.Off;
        if (!settings.CompressionEnabled || (!byDefault && tags.Length == 0) || types.Find(TypeName) is not var (type, order))
            return null;

        // Where only tags ask for it, it is for requests with one of them, and what their tag says goes before what it says itself.
        var config = new JsonObject();
        if (byDefault)
            config["strength"] = settings.DefaultStrength.ToString().ToLowerInvariant();
        return type.Read(config, isText: false) is ConfigReading.Sound sound
            ? new CompiledRule(Id, type.Name, type.Phase, sound.Make(Id, services)) { Tags = byDefault ? [] : tags, Priority = int.MaxValue, TypeOrder = order }
            : null;
    }
}
