using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using FluentValidation;

namespace Gateway.Transforms;

/// <summary>A rule type whose configuration is a record.</summary>
/// <typeparam name="TConfig">The record: <c>init</c> properties in the types of JSON; its <c>[Description]</c>s are the schema's.</typeparam>
/// <param name="name">The value of <c>type</c>.</param>
/// <param name="phase">When its rules run.</param>
/// <param name="summary">What it does, in one sentence.</param>
/// <param name="validator">The limits of the configuration.</param>
/// <param name="make">Compiles a rule: its id, its configuration, what it shares.</param>
public sealed class RuleType<TConfig>(
    string name, RulePhase phase, string summary, IValidator<TConfig> validator, Func<string, TConfig, RuleServices, IProxyRule> make) : IRuleType
    where TConfig : class
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Summary => summary;

    /// <inheritdoc/>
    public RulePhase Phase => phase;

    /// <summary>Tags that the configuration names beside the rule's own.</summary>
    public Func<TConfig, IReadOnlyList<string>?> TagsOf { get; init; } = static _ => null;

    /// <summary>Models that requests go to because of a rule.</summary>
    public Func<TConfig, IEnumerable<NamedModel>> ModelsOf { get; init; } = static _ => [];

    /// <summary>The model that a rule swaps for another.</summary>
    public Func<TConfig, ModelSwap?> SwapOf { get; init; } = static _ => null;

    /// <inheritdoc/>
    public ConfigReading Read(JsonNode? config, bool isText)
    {
        if (config is not JsonObject)
            return Mistake("", "must be an object.");

        TConfig? fields;
        try
        {
            fields = config.Deserialize<TConfig>(isText ? RuleJson.FromText : RuleJson.Options);
        }
        catch (JsonException mistake)
        {
            return Mistake(Field(mistake), Message(mistake));
        }

        if (fields is null)
            return Mistake("", "must be an object.");
        if (validator.Validate(fields) is { IsValid: false } invalid)
            return new ConfigReading.Unsound([.. invalid.Errors.Select(static failure => new ConfigMistake(CamelCase(failure.PropertyName), failure.ErrorMessage))]);

        var canonical = (JsonObject)JsonSerializer.SerializeToNode(fields, RuleJson.Options)!; // not null: the value is not
        return new ConfigReading.Sound(canonical, TagsOf(fields) ?? [], (id, services) => make(id, fields, services))
        {
            Models = [.. ModelsOf(fields)],
            Swap = SwapOf(fields),
        };
    }

    /// <inheritdoc/>
    public JsonObject Schema()
    {
        var schema = (JsonObject)RuleJson.Options.GetJsonSchemaAsNode(typeof(TConfig), new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = static (context, node) =>
            {
                if (node is JsonObject described
                    && context.PropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(DescriptionAttribute), inherit: false) is [DescriptionAttribute description, ..])
                {
                    described["description"] = description.Description;
                }

                return node;
            },
        });
        schema["additionalProperties"] = false;
        return schema;
    }

    private static ConfigReading.Unsound Mistake(string field, string message) => new([new ConfigMistake(field, message)]);

    private static string Field(JsonException mistake)
    {
        var path = mistake.Path ?? "";
        return path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path.TrimStart('$');
    }

    // Without the reader's internals.
    private static string Message(JsonException mistake) => mistake.Message switch
    {
        var text when text.Contains("could not be mapped", StringComparison.Ordinal) => "is not a known field.",
        var text when text.Contains("uplicate", StringComparison.Ordinal) => "is given twice.",
        var text when text.Contains("required", StringComparison.Ordinal) => "lacks a required field.",
        _ => "is not of the expected type, or not one of the known values.",
    };

    private static string CamelCase(string path) => string.Join('.', path.Split('.').Select(static part => JsonNamingPolicy.CamelCase.ConvertName(part)));
}
