using System.Diagnostics.CodeAnalysis;

namespace Gateway.Transforms.Caching;

/// <summary>Lets one of several equal requests go upstream, and the others wait for what it stores. Within this process. Thread-safe.</summary>
/// <remarks>A follower whose leader fails, or takes too long, goes on for itself: waiting is an offer, never a condition.</remarks>
public sealed class SingleFlight
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AnswerKey, Flight> _flights = [];

    /// <summary>Most requests that others may wait for. Default 10,000; beyond, each goes for itself.</summary>
    public int MaxFlights { get; init; } = 10_000;

    /// <summary>Most that wait for one. Default 1,000; beyond, each goes for itself.</summary>
    public int MaxFollowers { get; init; } = 1_000;

    /// <summary>Longest wait. Default 60 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Requests that others may wait for now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _flights.Count;
        }
    }

    /// <summary>Joins the requests for an answer.</summary>
    /// <param name="key">The answer.</param>
    /// <param name="flight">The leader's, to be landed and disposed; the follower's, to be waited for; <c>null</c>: there are too many.</param>
    /// <returns>Whether this one leads.</returns>
    public bool TryLead(AnswerKey key, out Flight? flight)
    {
        lock (_gate)
        {
            if (_flights.TryGetValue(key, out flight))
            {
                if (!flight.TryFollow(MaxFollowers))
                    flight = null;
                return false;
            }

            if (_flights.Count >= MaxFlights)
                return false;

            _flights[key] = flight = new Flight(this, key);
            return true;
        }
    }

    private void End(AnswerKey key)
    {
        lock (_gate)
            _flights.Remove(key);
    }

    /// <summary>One request that others wait for. To dispose it without landing is to fail.</summary>
    [SuppressMessage("Design", "CA1034", Justification = "Nothing but its SingleFlight makes one.")]
    public sealed class Flight : IDisposable
    {
        private readonly TaskCompletionSource<bool> _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly SingleFlight _flights;
        private readonly AnswerKey _key;
        private int _followers;

        internal Flight(SingleFlight flights, AnswerKey key)
        {
            _flights = flights;
            _key = key;
        }

        /// <summary>The leader: the answer is stored, and followers may look it up.</summary>
        public void Land() => End(stored: true);

        /// <inheritdoc/>
        public void Dispose() => End(stored: false);

        /// <summary>A follower: waits for the leader.</summary>
        /// <returns>Whether the answer is stored; false too after <see cref="Patience"/>.</returns>
        /// <exception cref="OperationCanceledException">The follower's own client went away.</exception>
        public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await _landed.Task.WaitAsync(_flights.Patience, cancellationToken);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }

        internal bool TryFollow(int most) => ++_followers <= most;

        private void End(bool stored)
        {
            // Who comes from now on finds the answer, or leads.
            if (_landed.TrySetResult(stored))
                _flights.End(_key);
        }
    }
}
