using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms;

/// <summary>One request on its way through the rules: what it is, and what rules may change of it.</summary>
/// <remarks>Belongs to one request, whose rules run one after the other. The client's own bytes are never changed: an edit makes a new body.</remarks>
public sealed class Exchange : IDisposable
{
    private Dictionary<Type, object>? _kept;
    private byte[]? _rented;

    /// <param name="index">The index of <paramref name="body"/>; an edit reads it anew.</param>
    /// <param name="body">The client's bytes.</param>
    public Exchange(RequestIndex index, ReadOnlyMemory<byte> body)
    {
        Index = index;
        Body = body;
        Model = index.Model;
        Provider = index.Provider;
    }

    /// <summary>The API by which the request came.</summary>
    public CallKind Kind => Index.Kind;

    /// <summary>The tenant.</summary>
    public required string Workspace { get; init; }

    /// <summary>The key that calls.</summary>
    public required string KeyId { get; init; }

    /// <summary>The labels of the key and of the request.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>What the workspace says beside its rules.</summary>
    public required RuleSettings Settings { get; init; }

    /// <summary>The client's <c>Cache-Control</c>.</summary>
    public string? CacheControl { get; init; }

    /// <summary>The client's id of the conversation: <c>X-Session-Id</c>, <c>X-Conversation-Id</c> or <c>X-Run-Id</c>.</summary>
    public string? Conversation { get; init; }

    /// <summary>Nothing is called, stored or remembered: only what would happen is asked.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>From a model as a client writes it to its <c>provider/model</c>; <c>null</c>: unknown, or more than one.</summary>
    public Func<string, string?, string?> Identify { get; init; } = static (_, _) => null;

    /// <summary>The body as it is now.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Where the members of <see cref="Body"/> stand.</summary>
    public RequestIndex Index { get; }

    /// <summary>The model that is asked for: the client's, or another rule's. Not written into the body before the request is sent.</summary>
    public string Model { get; set; }

    /// <summary>The provider that is asked for beside it; <c>null</c>: none.</summary>
    public string? Provider { get; set; }

    /// <summary>What <see cref="Model"/> resolved to; <c>null</c> in <see cref="RulePhase.Model"/>.</summary>
    public ResolvedModel? Resolved { get; set; }

    /// <summary>The most output of one answer that rules allow. Unit: tokens; <c>null</c>: what the client and the model allow.</summary>
    public long? OutputCap { get; private set; }

    /// <summary>Where else the request may go.</summary>
    public FallbackPlan? Fallback { get; set; }

    /// <summary>Whether a rule wants to see the answer's bytes in <see cref="IProxyRule.OnResponseAsync"/>; they are not kept otherwise.</summary>
    public bool WantsAnswer { get; set; }

    /// <summary>What <c>x-gateway-cache</c> says of a request that no rule answered: <c>bypass</c> or <c>miss</c>.</summary>
    public string CacheStatus { get; set; } = "bypass";

    /// <summary>Lowers <see cref="OutputCap"/>; a higher cap changes nothing.</summary>
    public void CapOutput(long tokens) => OutputCap = Math.Min(OutputCap ?? tokens, tokens);

    /// <summary>Edits the body. All other bytes stay as they are.</summary>
    /// <returns>False, and nothing is changed, if the edited body would not be a request any more: a bug of the rule's.</returns>
    public bool Rewrite(BodySplice splice)
    {
        if (splice.Count == 0)
            return true;

        var length = splice.OutputLength(Body.Length);
        var edited = ArrayPool<byte>.Shared.Rent(length);
        splice.WriteTo(Body.Span, edited);
        if (!Index.TryRead(edited.AsMemory(0, length), out _))
        {
            ArrayPool<byte>.Shared.Return(edited);
            Index.TryRead(Body, out _);
            return false;
        }

        Return();
        _rented = edited;
        Body = edited.AsMemory(0, length);
        return true;
    }

    /// <summary>Keeps what a rule wants to find again in <see cref="IProxyRule.OnResponseAsync"/>; one of each type. Disposed with the exchange, however the call ends.</summary>
    public void Keep<T>(T state)
        where T : class => (_kept ??= [])[typeof(T)] = state;

    /// <summary>What <see cref="Keep"/> kept; <c>null</c>: nothing.</summary>
    public T? Kept<T>()
        where T : class => (T?)_kept?.GetValueOrDefault(typeof(T));

    /// <summary>Ends the exchange: what rules kept is disposed, an edited body given back.</summary>
    public void Dispose()
    {
        foreach (var kept in _kept?.Values ?? Enumerable.Empty<object>())
            (kept as IDisposable)?.Dispose();
        _kept = null;
        Return();
    }

    private void Return()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }
}
