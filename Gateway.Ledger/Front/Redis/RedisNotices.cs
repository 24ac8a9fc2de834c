using Gateway.Ledger.Book;
using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>Notices over Redis pub/sub, on the channel <c>gateway:resources</c>. They carry nothing: what was written is read from the book.</summary>
internal sealed class RedisNotices(RedisServers servers) : IResourceNotices
{
    private static readonly RedisChannel Channel = new("gateway:resources", RedisChannel.PatternMode.Literal);

    /// <inheritdoc/>
    public void Publish()
    {
        try
        {
            servers.Subscriber.Publish(Channel, RedisValue.EmptyString, CommandFlags.FireAndForget);
        }
        catch (Exception exception) when (exception is RedisException or ObjectDisposedException or TimeoutException)
        {
            // Redis is away: the others look by themselves.
        }
    }

    /// <inheritdoc/>
    public async Task SubscribeAsync(Action onNotice, CancellationToken cancellationToken)
    {
        try
        {
            // The client keeps the subscription, and renews it whenever it connects again.
            await servers.AwaitAsync(Subscribe(onNotice)).WaitAsync(cancellationToken);
        }
        catch (FrontUnavailableException)
        {
            // As in Publish.
        }
    }

    private async Task<bool> Subscribe(Action onNotice)
    {
        await servers.Subscriber.SubscribeAsync(Channel, (_, _) => onNotice());
        return true;
    }
}
