using Gateway.Transforms.Caching.Questions;

namespace Gateway.Transforms.Caching;

/// <summary>What all <c>cache_enable</c> rules of a gateway share.</summary>
/// <param name="Store">Where answers are kept.</param>
/// <param name="Time">The clock.</param>
/// <param name="Embedder">Finds questions of one meaning; <c>null</c>: near duplicates only.</param>
public sealed record CachingServices(IAnswerStore Store, TimeProvider Time, IEmbedder? Embedder)
{
    /// <summary>Requests that others wait for.</summary>
    public SingleFlight Flights { get; init; } = new();

    /// <summary>The questions whose answers are stored.</summary>
    public QuestionIndex Questions { get; init; } = new(Store, Time);

    /// <summary>In this process's memory, without embeddings.</summary>
    public static CachingServices InProcess(TimeProvider time) => new(new InProcessAnswerStore(time), time, Embedder: null);
}
