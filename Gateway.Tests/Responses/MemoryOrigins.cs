using System.Collections.Concurrent;
using Gateway.Ledger.Book;

namespace Gateway.Tests.Responses;

/// <summary>A store of origins in memory, that can be away.</summary>
internal sealed class MemoryOrigins : IResponseOrigins
{
    private readonly ConcurrentDictionary<(string Workspace, string Id), ResponseOrigin> origins = new();

    /// <summary>Whether every call fails.</summary>
    public volatile bool IsAway;

    /// <summary>Calls of <see cref="FindOriginAsync"/> so far.</summary>
    public int Finds;

    /// <summary>How many each write had.</summary>
    public ConcurrentQueue<int> Batches { get; } = new();

    public int Count => origins.Count;

    public Task AddOriginsAsync(IReadOnlyList<ResponseOrigin> added, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        Batches.Enqueue(added.Count);
        foreach (var origin in added)
            origins.TryAdd((origin.Workspace, origin.ResponseId), origin);
        return Task.CompletedTask;
    }

    public Task<ResponseOrigin?> FindOriginAsync(string workspace, string responseId, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        Interlocked.Increment(ref Finds);
        return Task.FromResult(origins.GetValueOrDefault((workspace, responseId)));
    }

    public Task<bool> DeleteOriginAsync(string workspace, string responseId, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return Task.FromResult(origins.TryRemove((workspace, responseId), out _));
    }

    public Task<int> ExpireOriginsAsync(CancellationToken cancellationToken) => Task.FromResult(0);

    private void ThrowIfAway()
    {
        if (IsAway)
            throw new TimeoutException("The book is away.");
    }
}
