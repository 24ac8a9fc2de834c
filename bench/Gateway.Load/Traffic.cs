using System.Diagnostics;

namespace Gateway.Load;

/// <summary>
/// Calls from one thread over many connections: as fast as answers come, or at a fixed rate whatever the answers do. One thread, because the generator shares
/// its core with the upstream: pacing by timers of the pool was up to a millisecond late, and cost as much as the calls.
/// </summary>
internal sealed class Traffic(TrafficPlan plan)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TrafficConnection[] connections = [.. Enumerable.Range(0, plan.Connections).Select(_ => new TrafficConnection(plan.Url))];
    private readonly Poll.Descriptor[] waiting = [.. Enumerable.Repeat(new Poll.Descriptor { Handle = -1 }, plan.Connections)];
    private readonly Stack<int> idle = new(Enumerable.Range(0, plan.Connections).Reverse());
    private readonly TrafficResult result = new();
    private readonly long started = Stopwatch.GetTimestamp();
    private int begun;

    private double Now => Stopwatch.GetElapsedTime(started).TotalSeconds;

    // When the next call begins. A call at a fixed rate that finds no connection idle begins late, and its lateness is in its latency.
    private double NextDue => plan.Rate > 0 ? begun / plan.Rate : begun < plan.Connections ? begun * plan.Spread / plan.Connections : 0;

    /// <summary>Runs the plan to its end, and until what was begun is answered.</summary>
    public static TrafficResult Run(TrafficPlan plan)
    {
        Poll.WakeOnTime();
        var traffic = new Traffic(plan);
        try
        {
            traffic.Run();
            return traffic.result;
        }
        finally
        {
            foreach (var connection in traffic.connections)
                connection.Dispose();
        }
    }

    private void Run()
    {
        while (true)
        {
            BeginWhatIsDue();
            var now = Now;
            var open = now < plan.Seconds;
            if (!open && (idle.Count == connections.Length || now > plan.Seconds + Patience.TotalSeconds))
                break;

            var until = !open ? plan.Seconds + Patience.TotalSeconds : idle.Count > 0 ? Math.Min(NextDue, plan.Seconds) : plan.Seconds;
            Poll.Wait(waiting, TimeSpan.FromSeconds(Math.Max(0, until - now)));
            for (var i = 0; i < waiting.Length; i++)
            {
                if (waiting[i] is { Handle: >= 0, Seen: not 0 })
                    Do(i, connection => connection.Advance(Now));
            }
        }

        result.Seconds = Now;
        result.Errors += connections.Length - idle.Count;
    }

    private void BeginWhatIsDue()
    {
        while (idle.Count > 0 && Now is var now && now < plan.Seconds && NextDue is var due && due <= now)
        {
            Do(idle.Pop(), connection =>
            {
                connection.Begin(plan.Requests[begun % plan.Requests.Count], due > 0 ? due : now);
                return false;
            });
            begun++;
        }
    }

    private void Do(int index, Func<TrafficConnection, bool> step)
    {
        var connection = connections[index];
        try
        {
            if (!step(connection))
            {
                waiting[index] = connection.Descriptor;
                return;
            }

            result.Add(connection.Due, connection.First, Now, connection.Succeeded, connection.Due >= plan.Unmeasured);
        }
        catch (IOException)
        {
            result.Errors++;
            connection.Renew();
        }

        waiting[index].Handle = -1;
        idle.Push(index);
    }
}

/// <summary>What to send, over how many connections and for how long.</summary>
internal sealed record TrafficPlan
{
    public required Uri Url { get; init; }

    /// <summary>Sent in turns.</summary>
    public required IReadOnlyList<byte[]> Requests { get; init; }

    public required int Connections { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Calls a second; 0: each connection sends when its answer has come.</summary>
    public double Rate { get; init; }

    /// <summary>The seconds over which connections send their first call where there is no rate.</summary>
    public double Spread { get; init; }

    /// <summary>The seconds at the beginning whose latencies are not kept.</summary>
    public double Unmeasured { get; init; }
}

/// <summary>What was answered, and when.</summary>
internal sealed class TrafficResult
{
    private readonly List<double> latencies = new(1 << 16);
    private readonly List<double> firsts = new(1 << 16);

    /// <summary>Calls answered, with errors.</summary>
    public int Calls { get; private set; }

    /// <summary>Answers other than 200, and connections lost.</summary>
    public int Errors { get; set; }

    public double Seconds { get; set; }

    public void Add(double due, double first, double done, bool succeeded, bool measured)
    {
        Calls++;
        Errors += succeeded ? 0 : 1;
        if (!measured)
            return;
        latencies.Add((done - due) * 1000);
        firsts.Add((first - due) * 1000);
    }

    /// <summary>Milliseconds from when a call was due to its last byte.</summary>
    public double Latency(double quantile) => Quantile(latencies, quantile);

    /// <summary>Milliseconds from when a call was due to the first byte of its body.</summary>
    public double First(double quantile) => Quantile(firsts, quantile);

    private static double Quantile(List<double> times, double quantile)
    {
        times.Sort();
        return times.Count == 0 ? double.NaN : times[(int)(times.Count * quantile)];
    }
}
