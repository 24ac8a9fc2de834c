using System.Security.Cryptography;
using Gateway.Ledger;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Front.Rows;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Coordination;

/// <summary>The ledger of one gateway of several in this process, which can be made to sleep: it hears nothing of the others and they nothing of it.</summary>
internal sealed class OneGateway : IAsyncDisposable
{
    private readonly DirectoryInfo spool;
    private readonly PostgresBook book;
    private readonly RedisServers servers;
    private readonly SleepyCoordination coordination;

    private OneGateway(DirectoryInfo spool, PostgresBook book, RedisServers servers, SleepyCoordination coordination, EpochFront epochs, SpooledLedger ledger)
    {
        this.spool = spool;
        this.book = book;
        this.servers = servers;
        this.coordination = coordination;
        Epochs = epochs;
        Ledger = ledger;
    }

    public EpochFront Epochs { get; }

    public SpooledLedger Ledger { get; }

    public static async Task<OneGateway> OpenAsync(string database, string redisConnection, TimeProvider? clock = null)
    {
        var time = clock ?? TimeProvider.System;
        var lease = TimeSpan.FromSeconds(60);
        var folder = Directory.CreateTempSubdirectory("one-gateway-");
        var gateway = "gw_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
        var opened = new PostgresBook(database, time, NullLogger.Instance, gateway);
        await opened.OpenAsync(default);
        var epochs = new EpochFront(time, opened);
        opened.RecordingEpoch = () => epochs.RecordingEpoch;
        var connected = await RedisServers.ConnectAsync(redisConnection, NullLogger.Instance, default);
        var sleepy = new SleepyCoordination(new PostgresCoordination(opened.Heartbeats));
        var shared = new SharedParts(
            opened, epochs, sleepy, new RedisFront(connected, opened, gateway, lease, clock: null), new RowFront(opened.Source, opened, gateway, lease, clock: null), gateway);
        var options = new LedgerOptions { BookFile = "", SpoolFolder = folder.FullName, Durability = Durability.Process, HoldLease = lease };
        return new OneGateway(folder, opened, connected, sleepy, epochs, await SpooledLedger.OpenSharedAsync(options, shared, time, NullLogger.Instance, default));
    }

    public void Sleep() => coordination.Sleep();

    public void Wake() => coordination.Wake();

    public async Task<Hold> HoldAsync(long amount) => ((HoldResult.Held)await Ledger.HoldAsync(Calls.Request(amount), default)).Hold;

    public Task<Settled> SettleAsync(Hold hold, long tokens) =>
        Ledger.SettleAsync(hold, new Settlement(Outcome.Complete, Calls.Used(tokens), CountedBy.Upstream), default).AsTask();

    public async Task<BucketBalance> BookBucketAsync() => (await book.LoadAccountAsync(Calls.Account, default)).Buckets.Single();

    public async Task<BucketBalance> FrontBucketAsync() => (await Ledger.BalanceAsync(Calls.Account, default)).Buckets.Single();

    public async ValueTask DisposeAsync()
    {
        coordination.Wake();
        await Ledger.DisposeAsync();
        await servers.DisposeAsync();
        await book.DisposeAsync();
        spool.Delete(recursive: true);
    }

    private sealed class SleepyCoordination(ICoordination awake) : ICoordination
    {
        private volatile TaskCompletionSource? asleep;

        public void Sleep() => asleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Wake()
        {
            var sleeping = asleep;
            asleep = null;
            sleeping?.SetResult();
        }

        public async Task<BeatAnswer> BeatAsync(GatewayBeat beat, CancellationToken cancellationToken)
        {
            await AwakeAsync(cancellationToken);
            return await awake.BeatAsync(beat, cancellationToken);
        }

        public async Task<bool> MoveAsync(FrontState from, FrontState to, CancellationToken cancellationToken)
        {
            await AwakeAsync(cancellationToken);
            return await awake.MoveAsync(from, to, cancellationToken);
        }

        public Task LeaveAsync(string gateway, CancellationToken cancellationToken) => awake.LeaveAsync(gateway, cancellationToken);

        private Task AwakeAsync(CancellationToken cancellationToken) => asleep is { } sleeping ? sleeping.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }
}
