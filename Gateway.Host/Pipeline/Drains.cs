namespace Gateway.Host.Pipeline;

/// <summary>Bounds how many streams are read on for clients who have gone: beyond it a stream is cancelled, as on any other channel.</summary>
internal sealed class Drains
{
    /// <summary>The most at once.</summary>
    public const int Max = 256;

    private int _running;

    /// <summary>Takes a place; <c>false</c>: there is none.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _running) <= Max)
            return true;

        Interlocked.Decrement(ref _running);
        return false;
    }

    /// <summary>Gives the place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _running);
}
