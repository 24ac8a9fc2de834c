namespace Gateway.Ledger.Book;

/// <summary>Who made an answer of the responses API, which the provider keeps: whoever goes on from it, reads or deletes it must reach the same account.</summary>
public sealed record ResponseOrigin
{
    /// <summary>How long OpenAI keeps a response: https://platform.openai.com/docs/guides/conversation-state</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>The longest id. Unit: characters.</summary>
    public const int MaxIdLength = 256;

    /// <summary>The tenant that the answer was made for, and that alone may use its id.</summary>
    public required string Workspace { get; init; }

    /// <summary>The provider's id, for example <c>resp_…</c>: 1 to 256 characters.</summary>
    public required string ResponseId { get; init; }

    /// <summary>The channel that made it.</summary>
    public required string ChannelId { get; init; }

    /// <summary>The model as that channel calls it.</summary>
    public required string UpstreamModel { get; init; }

    /// <summary>When it was made; it is forgotten <see cref="Kept"/> later.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Keeps who made which answer. Several gateways may share a store. A store that is away throws what its driver throws.</summary>
public interface IResponseOrigins
{
    /// <summary>Keeps origins, at most 1,000; one that is known stays as it is.</summary>
    Task AddOriginsAsync(IReadOnlyList<ResponseOrigin> origins, CancellationToken cancellationToken);

    /// <summary>Who made it; <c>null</c>: nobody for this tenant, or too long ago.</summary>
    Task<ResponseOrigin?> FindOriginAsync(string workspace, string responseId, CancellationToken cancellationToken);

    /// <summary>Forgets one; <c>false</c>: it was not known.</summary>
    Task<bool> DeleteOriginAsync(string workspace, string responseId, CancellationToken cancellationToken);

    /// <summary>Removes what is over; how many that were, at most 1,000 at once.</summary>
    Task<int> ExpireOriginsAsync(CancellationToken cancellationToken);
}
