namespace Gateway.Ledger.Book;

/// <summary>Tells gateways at once that a resource was written: a hint and nothing more, for each of them looks at the store by itself too.</summary>
public interface IResourceNotices
{
    /// <summary>Tells the others, without waiting and without failing: a notice that is lost costs them the time until their next look.</summary>
    void Publish();

    /// <summary>Calls <paramref name="onNotice"/> for each notice, this gateway's own included; it must return at once. Once for each gateway.</summary>
    Task SubscribeAsync(Action onNotice, CancellationToken cancellationToken);
}

/// <summary>Where there is no way to tell: one gateway, or several without Redis.</summary>
public sealed class NoResourceNotices : IResourceNotices
{
    /// <inheritdoc/>
    public void Publish()
    {
    }

    /// <inheritdoc/>
    public Task SubscribeAsync(Action onNotice, CancellationToken cancellationToken) => Task.CompletedTask;
}
