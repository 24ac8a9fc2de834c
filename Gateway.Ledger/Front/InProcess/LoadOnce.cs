namespace Gateway.Ledger.Front.InProcess;

/// <summary>A value that is loaded by its first users together; a failed load is tried again by the next one.</summary>
internal sealed class LoadOnce<T>
    where T : class
{
    private readonly Lock gate = new();
    private Task<T>? loading;

    /// <summary>The value; <c>null</c>: not loaded.</summary>
    public T? Value { get; private set; }

    /// <summary>The value, loaded if need be. One caller that gives up does not end the load of the others.</summary>
    public Task<T> GetAsync(Func<Task<T>> load, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (loading is null or { IsFaulted: true } or { IsCanceled: true })
                loading = KeepAsync(load);
            return loading.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The value, once a running load is over; <c>null</c>: nobody has loaded it.</summary>
    public async ValueTask<T?> CurrentAsync(CancellationToken cancellationToken)
    {
        Task<T>? current;
        lock (gate)
            current = loading;
        if (current is null)
            return null;

        await ((Task)current).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return Value;
    }

    private async Task<T> KeepAsync(Func<Task<T>> load)
    {
        // The load itself runs outside the lock.
        await Task.Yield();
        return Value = await load();
    }
}
