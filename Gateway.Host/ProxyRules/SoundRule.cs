using Gateway.Transforms;

namespace Gateway.Host.ProxyRules;

/// <summary>A rule whose fields were read and found sound.</summary>
/// <param name="Fields">With every default filled in and the configuration in its canonical form.</param>
/// <param name="Type">Its type.</param>
/// <param name="Order">The place of the type in the list of types.</param>
/// <param name="Config">Its configuration.</param>
internal sealed record SoundRule(RuleFields Fields, IRuleType Type, int Order, ConfigReading.Sound Config)
{
    /// <summary>Any of them matches; none: every request matches.</summary>
    public IReadOnlyList<string> Tags { get; } = Fields.Tag is { } tag ? [tag, .. Config.Tags] : Config.Tags;

    /// <summary>Whether it is in force.</summary>
    public bool Enabled => Fields.Enabled is not false;

    /// <summary>The rule as requests meet it.</summary>
    public CompiledRule Compile(string id, DateTimeOffset createdAt, RuleServices services) => new(id, Type.Name, Type.Phase, Config.Make(id, services))
    {
        Tags = Tags,
        Priority = Fields.Priority ?? 0,
        CreatedAt = createdAt,
        TypeOrder = Order,
    };
}
