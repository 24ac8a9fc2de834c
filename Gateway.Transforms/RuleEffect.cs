using System.Text.Json;

namespace Gateway.Transforms;

/// <summary>What a rule did to one request.</summary>
/// <param name="Id">The rule's id.</param>
/// <param name="Type">The name of its type.</param>
/// <param name="Effect">The record that it gave.</param>
public sealed record RuleEffect(string Id, string Type, object Effect)
{
    /// <summary>The effect as JSON (UTF-8).</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(Effect, Effect.GetType(), RuleJson.Options);
}
