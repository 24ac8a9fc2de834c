using Gateway.Transforms;

namespace Gateway.Host.ProxyRules;

/// <summary>A rule of the resource store as this gateway read it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">The version that was read.</param>
/// <param name="Rule">The rule; <c>null</c>: this gateway does not know its type, or finds it unsound, and does without it.</param>
/// <param name="Compiled">As requests meet it; <c>null</c>: it is not in force.</param>
internal sealed record StoredRule(string Id, long Version, SoundRule? Rule, CompiledRule? Compiled);
