using System.Text.Json.Nodes;

namespace Gateway.Transforms;

/// <summary>A type of rule: everything that REST, configuration, the schema, the dry run and the receipt need to know of it.</summary>
public interface IRuleType
{
    /// <summary>The value of <c>type</c>, snake case.</summary>
    string Name { get; }

    /// <summary>What it does, in one sentence: the schema's description.</summary>
    string Summary { get; }

    /// <summary>When its rules run.</summary>
    RulePhase Phase { get; }

    /// <summary>Reads a configuration.</summary>
    /// <param name="config">The object, or <c>null</c> if none was sent.</param>
    /// <param name="isText">Every value is text: it comes from a configuration file or the environment.</param>
    ConfigReading Read(JsonNode? config, bool isText);

    /// <summary>The JSON Schema of its configuration (2020-12).</summary>
    JsonObject Schema();
}

/// <summary>A configuration that was read: a closed family.</summary>
public abstract record ConfigReading
{
    private ConfigReading()
    {
    }

    /// <summary>It is sound.</summary>
    /// <param name="Canonical">With the names and types of REST.</param>
    /// <param name="Tags">Tags that it names beside the rule's own.</param>
    /// <param name="Make">Compiles the rule with this id.</param>
    public sealed record Sound(JsonObject Canonical, IReadOnlyList<string> Tags, Func<string, RuleServices, IProxyRule> Make) : ConfigReading
    {
        /// <summary>Models that requests go to because of it, which must exist when it is written.</summary>
        public IReadOnlyList<NamedModel> Models { get; init; } = [];

        /// <summary>The model that it swaps for another; <c>null</c>: it swaps none. Swaps must not lead back to where they began.</summary>
        public ModelSwap? Swap { get; init; }
    }

    /// <summary>It is not.</summary>
    public sealed record Unsound(IReadOnlyList<ConfigMistake> Mistakes) : ConfigReading;
}

/// <summary>What is wrong with a configuration.</summary>
/// <param name="Field">The field in it, for example <c>candidates[0].model</c>; empty: the whole.</param>
/// <param name="Message">What to do about it.</param>
public sealed record ConfigMistake(string Field, string Message);

/// <summary>A model that a configuration names.</summary>
/// <param name="Field">Where, for example <c>candidates[0].model</c>.</param>
/// <param name="Provider">Its provider; <c>null</c>: <paramref name="Model"/> says it, or it is left open.</param>
/// <param name="Model">The bare name, or <c>provider/model</c>.</param>
public sealed record NamedModel(string Field, string? Provider, string Model);

/// <summary>One model for another, as the configuration names them.</summary>
public sealed record ModelSwap(string From, string To);
