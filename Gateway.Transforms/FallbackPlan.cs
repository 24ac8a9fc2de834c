namespace Gateway.Transforms;

/// <summary>Where a request may go when its model fails.</summary>
/// <param name="Candidates">After the requested model, in this order.</param>
/// <param name="OnStatus">The upstream statuses that are followed by another candidate; <c>null</c>: all that are not the client's own mistake.</param>
/// <param name="OnTimeout">The longest wait for the first byte while another candidate is left; <c>null</c>: the channel's own.</param>
/// <param name="MaxAttempts">Over all, the requested model's included.</param>
public sealed record FallbackPlan(IReadOnlyList<FallbackModel> Candidates, IReadOnlyList<int>? OnStatus, TimeSpan? OnTimeout, int MaxAttempts);

/// <summary>One candidate.</summary>
public sealed record FallbackModel(string Provider, string Model);
