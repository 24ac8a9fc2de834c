namespace Gateway.Transforms.Caching;

/// <summary>Whose answers, and answers of what: all that the key holds beside the body.</summary>
/// <remarks>
/// A tenant is part of the key, so another tenant's answer cannot be found, whatever its body: keys are no filter that could be forgotten.
/// Embeddings and near duplicates collide on purpose (arXiv 2601.23088), so their partitions carry the same fields.
/// </remarks>
/// <param name="Workspace">The tenant. Not empty.</param>
/// <param name="Group">Narrows a tenant to a group of its keys; empty: all keys of the workspace share.</param>
/// <param name="Namespace">The rule's id: two rules never share.</param>
/// <param name="Provider">As resolved.</param>
/// <param name="Model">As resolved; the upstream's own name for it.</param>
/// <param name="Endpoint">For example <c>/v1/chat/completions</c>.</param>
public readonly record struct CacheScope(string Workspace, string Group, string Namespace, string Provider, string Model, string Endpoint);

/// <summary>Names one stored answer. The workspace stands beside the digest, which holds it too, so that stores can keep a budget for each tenant.</summary>
public readonly record struct AnswerKey(string Workspace, CacheDigest Digest);
