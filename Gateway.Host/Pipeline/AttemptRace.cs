namespace Gateway.Host.Pipeline;

/// <summary>Attempts that run beside each other: the first that has an answer to show takes the client, the others are ended at the house's cost.</summary>
/// <remarks>From the moment that one has won, no other writes on the receipt: it is settled while they are still ending.</remarks>
internal sealed class AttemptRace
{
    private readonly List<CallAttempt> _running = new(2);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _won = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whose answer the client gets; <c>null</c>: none has one yet.</summary>
    public CallAttempt? Winner { get; private set; }

    /// <summary>Ends when there is a winner.</summary>
    public Task Won => _won.Task;

    /// <summary>Begins an attempt; <c>null</c>: the race is over.</summary>
    public CallAttempt? TryBegin(Func<CallAttempt> begin)
    {
        lock (_gate)
        {
            if (Winner is not null)
                return null;

            var attempt = begin();
            _running.Add(attempt);
            return attempt;
        }
    }

    /// <summary>Takes the client; <c>false</c>: another attempt has.</summary>
    public bool TryWin(CallAttempt attempt)
    {
        lock (_gate)
        {
            if (Winner is not null)
                return Winner == attempt;

            Winner = attempt;
            foreach (var other in _running)
            {
                if (other != attempt)
                    other.Lose();
            }
        }

        _won.TrySetResult();
        return true;
    }
}
