using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Transforms;

namespace Gateway.Host.ProxyRules;

/// <summary>The rule types of this gateway, by name, in the order in which they run.</summary>
internal sealed class RuleTypes
{
    private readonly FrozenDictionary<string, (IRuleType Type, int Order)> byName;
    private readonly RuleFieldsValidator validator;

    public RuleTypes(IEnumerable<IRuleType> types)
    {
        All = [.. types];
        byName = All.Select(static (type, order) => (type, order)).ToFrozenDictionary(static pair => pair.type.Name, static pair => pair, StringComparer.Ordinal);
        validator = new RuleFieldsValidator(this);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<IRuleType> All { get; }

    /// <summary>The type with this name and its place; <c>null</c>: there is none.</summary>
    public (IRuleType Type, int Order)? Find(string? name) => name is not null && byName.TryGetValue(name, out var found) ? found : null;

    /// <summary>Reads a rule as it was sent, or declared in configuration, where every value is text.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="isText">Whether they come from configuration.</param>
    /// <param name="mistakes">Why it is not sound, field by field.</param>
    /// <returns>The rule; <c>null</c>: it is not sound.</returns>
    public SoundRule? Read(RuleFields fields, bool isText, out IReadOnlyList<ConfigMistake> mistakes)
    {
        mistakes = [.. validator.Validate(fields).Errors.Select(static failure => new ConfigMistake(JsonField.CamelCase(failure.PropertyName), failure.ErrorMessage))];
        if (Find(fields.Type) is not var (type, order))
            return null;

        // Configuration cannot say "an object without fields".
        var config = fields.Config is { } element ? ToNode(element) : isText ? new JsonObject() : null;
        switch (type.Read(config, isText))
        {
            case ConfigReading.Sound sound when mistakes.Count == 0:
                return new SoundRule(WithDefaults(fields, sound), type, order, sound);
            case ConfigReading.Unsound unsound:
                mistakes = [.. mistakes, .. unsound.Mistakes.Select(static mistake => mistake with { Field = InConfig(mistake.Field) })];
                return null;
            default:
                return null;
        }
    }

    private static RuleFields WithDefaults(RuleFields fields, ConfigReading.Sound sound) => fields with
    {
        Enabled = fields.Enabled ?? true,
        Priority = fields.Priority ?? 0,
        Config = JsonSerializer.SerializeToElement(sound.Canonical),
    };

    private static JsonNode? ToNode(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };

    /// <summary>A field of the configuration as the rule's own: <c>maxTokens</c> is <c>config.maxTokens</c>.</summary>
    public static string InConfig(string field) => field switch
    {
        "" => "config",
        ['[', ..] => $"config{field}",
        _ => $"config.{field}",
    };
}
