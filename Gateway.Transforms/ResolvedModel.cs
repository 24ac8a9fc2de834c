using Gateway.Transforms.Tokens;

namespace Gateway.Transforms;

/// <summary>The model that a request resolved to.</summary>
/// <param name="Provider">For example <c>deepseek</c>.</param>
/// <param name="Name">The bare name.</param>
/// <param name="UpstreamModel">As the first channel's upstream is asked for it.</param>
/// <param name="Encoding">How its tokens are counted.</param>
/// <param name="ContextWindow">Prompt plus completion. Unit: tokens; <c>null</c>: not known.</param>
public sealed record ResolvedModel(string Provider, string Name, string UpstreamModel, TokenEncoding Encoding, int? ContextWindow);
