using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Servers;

namespace Gateway.Tests.Chaos;

/// <summary>One gateway of the system under test over all its lives, with a link on each of its connections.</summary>
internal sealed class GatewayNode : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(40);

    private readonly int port = GatewayProcess.FreePort();
    private readonly Dictionary<string, string> settings;
    private readonly string slowDiskFile;
    private readonly ConcurrentQueue<(long From, long To)> outages = new();
    private readonly ConcurrentQueue<GatewayProcess> lives = new();
    private GatewayProcess? process;

    /// <param name="name">For reports.</param>
    /// <param name="folder">Its working directory.</param>
    /// <param name="settings">Its environment; what a link stands in front of is already the link's port.</param>
    /// <param name="links">Its outgoing connections by the name of the other side, such as <c>upstream</c>.</param>
    /// <param name="slowDisk">Slows its <c>fsync</c>, where that can be had.</param>
    /// <param name="smallDisk">Where its spool is, where that can be had.</param>
    public GatewayNode(
        string name, string folder, Dictionary<string, string> settings, IReadOnlyDictionary<string, FaultyLink> links, SlowDisk? slowDisk, SmallDisk? smallDisk)
    {
        Name = name;
        Folder = folder;
        this.settings = settings;
        slowDiskFile = Path.Combine(folder, "fsync-ms");
        slowDisk?.AddTo(settings, slowDiskFile);
        HasSlowDisk = slowDisk is not null;
        SmallDisk = smallDisk;
        settings["Gateway__Spool"] = smallDisk?.Folder ?? Path.Combine(folder, "spool");
        Links = links;
        FromClients = new FaultyLink(port);
    }

    public string Name { get; }

    public string Folder { get; }

    public IReadOnlyDictionary<string, FaultyLink> Links { get; }

    public FaultyLink FromClients { get; }

    /// <summary>Where clients reach it, through the link.</summary>
    public Uri Address => new($"http://127.0.0.1:{FromClients.Port}");

    public GatewayProcess Process => process ?? throw new InvalidOperationException($"{Name} was not started.");

    public SmallDisk? SmallDisk { get; }

    public bool HasSlowDisk { get; }

    /// <summary>How many of its starts replayed something.</summary>
    public int Replays => lives.Sum(static life => life.Output.Count(static line => line.Contains("Replayed ", StringComparison.Ordinal)));

    /// <summary>Starts a new life on what the last one left; again and again while its book cannot be reached, as an orchestrator would.</summary>
    public async Task StartAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            process = GatewayProcess.Start(Folder, port, settings);
            lives.Enqueue(process);
            try
            {
                await process.AnswersAsync();
                return;
            }
            catch (InvalidOperationException) when (IsWithoutBook(process) && Stopwatch.GetElapsedTime(started) < StartPatience)
            {
                await Task.Delay(200);
            }
        }
    }

    /// <summary>Has it slow or, with zero, as fast as it is.</summary>
    public void SetSlowDisk(TimeSpan delay) => SlowDisk.Set(slowDiskFile, delay);

    /// <summary>From here until the result is disposed, clients may lose their connections to it through no fault of its own.</summary>
    public IDisposable Outage() => new Window(this);

    /// <summary>Whether an outage overlapped the time between two <see cref="Stopwatch"/> stamps.</summary>
    public bool WasOut(long from, long to) => outages.Any(outage => outage.From <= to && from <= outage.To);

    public string Text() => string.Join('\n', lives.Select((life, n) => $"--- {Name}, life {n + 1}\n{life.Text()}"));

    public void Dispose()
    {
        foreach (var life in lives)
            life.Dispose();
        FromClients.Dispose();
        foreach (var link in Links.Values)
            link.Dispose();
        SmallDisk?.Dispose();
    }

    private static bool IsWithoutBook(GatewayProcess ended) => ended.HasEnded && ended.Text().Contains("ConnectionStrings__Ledger: ", StringComparison.Ordinal);

    private sealed class Window(GatewayNode node) : IDisposable
    {
        private readonly long from = Stopwatch.GetTimestamp();

        public void Dispose() => node.outages.Enqueue((from, Stopwatch.GetTimestamp()));
    }
}
