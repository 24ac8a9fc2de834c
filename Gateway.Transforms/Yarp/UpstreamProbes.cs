using System.Net;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Yarp;

/// <summary>How a channel is probed.</summary>
/// <param name="Path">Behind each base URL, for example <c>/models</c>; asked for with GET and no credential.</param>
/// <param name="Interval">Between two probes.</param>
public sealed record UpstreamProbe(string Path, TimeSpan Interval);

/// <summary>Hears what the probes of a channel found.</summary>
public interface IProbeListener
{
    /// <summary>A round of probes is over.</summary>
    /// <param name="channelId">The channel.</param>
    /// <param name="isAlive"><c>true</c>: a base URL answered; <c>false</c>: none has, often enough to count.</param>
    void Probed(string channelId, bool isAlive);
}

/// <summary>Judges YARP's probes: any answer below 500 is a life sign, because a probe carries no credential and its path may be anything.</summary>
/// <remarks>A base URL is out of the balancing after <see cref="FailuresInARow"/> failures and back after one success. Whether the channel is used at all is the listener's to decide.</remarks>
public sealed class UpstreamProbes(IDestinationHealthUpdater updater, IProbeListener listener) : IActiveHealthCheckPolicy
{
    /// <summary>The name in YARP's configuration.</summary>
    public const string PolicyName = "LifeSign";

    /// <summary>One lost probe is no news; two are.</summary>
    public const int FailuresInARow = 2;

    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _failures = [];

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults)
    {
        var states = new NewActiveDestinationHealth[probingResults.Count];
        var (anyAnswered, allDead) = (false, probingResults.Count > 0);
        for (var i = 0; i < probingResults.Count; i++)
        {
            var destination = probingResults[i].Destination;
            var failures = _failures.GetOrCreateValue(destination);
            failures.Value = IsLifeSign(probingResults[i]) ? 0 : Math.Min(failures.Value + 1, FailuresInARow);
            var isDead = failures.Value == FailuresInARow;
            anyAnswered |= failures.Value == 0;
            allDead &= isDead;
            states[i] = new NewActiveDestinationHealth(destination, isDead ? DestinationHealth.Unhealthy : DestinationHealth.Healthy);
        }

        updater.SetActive(cluster, states);
        if (anyAnswered || allDead)
            listener.Probed(cluster.ClusterId, anyAnswered);
    }

    private static bool IsLifeSign(DestinationProbingResult probe) => probe.Response is { StatusCode: < HttpStatusCode.InternalServerError };
}
