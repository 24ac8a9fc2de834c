using Dapper;
using Gateway.Ledger.Front;
using Npgsql;

namespace Gateway.Ledger.Coordination;

/// <summary>Heartbeats and the state of the front as rows of the book.</summary>
internal sealed class PostgresCoordination(NpgsqlDataSource source) : ICoordination
{
    /// <summary>A gateway that was not heard of for so long is not waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private const int TimeoutSeconds = 2;

    private static readonly string Beat = EmbeddedText.Read("Coordination/beat.sql");
    private static readonly string Move = EmbeddedText.Read("Coordination/move.sql");
    private static readonly string Leave = EmbeddedText.Read("Coordination/leave.sql");

    /// <inheritdoc/>
    public async Task<BeatAnswer> BeatAsync(GatewayBeat beat, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var answers = await connection.QueryMultipleAsync(new CommandDefinition(
            Beat,
            new { gateway = beat.Gateway, epoch = beat.Epoch, phase = NameOf(beat.Phase), redisOk = beat.RedisOk, patience = Patience },
            commandTimeout: TimeoutSeconds,
            cancellationToken: cancellationToken));
        var state = await answers.ReadSingleAsync<StateRow>();
        var live = await answers.ReadAsync<GatewayRow>();
        return new BeatAnswer(
            new FrontState(state.Epoch, state.Front is "redis" ? FrontKind.Redis : FrontKind.Book, PhaseOf(state.Phase), state.Life),
            [.. live.Select(static row => new GatewayBeat(row.Gateway, row.Epoch, PhaseOf(row.Phase), row.RedisOk))],
            new DateTimeOffset(state.Now, TimeSpan.Zero));
    }

    /// <inheritdoc/>
    public async Task<bool> MoveAsync(FrontState from, FrontState to, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var moved = await connection.ExecuteAsync(new CommandDefinition(
            Move,
            new
            {
                epoch = to.Epoch,
                front = NameOf(to.Front),
                phase = NameOf(to.Phase),
                life = to.Life,
                fromEpoch = from.Epoch,
                fromFront = NameOf(from.Front),
                fromPhase = NameOf(from.Phase),
            },
            commandTimeout: TimeoutSeconds,
            cancellationToken: cancellationToken));
        return moved == 1;
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(string gateway, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Leave, new { gateway }, commandTimeout: TimeoutSeconds, cancellationToken: cancellationToken));
    }

    private static string NameOf(FrontKind front) => front == FrontKind.Redis ? "redis" : "book";

    private static string NameOf(FrontPhase phase) => phase switch
    {
        FrontPhase.Drain => "drain",
        FrontPhase.Restore => "restore",
        _ => "open",
    };

    private static FrontPhase PhaseOf(string name) => name switch
    {
        "drain" => FrontPhase.Drain,
        "restore" => FrontPhase.Restore,
        _ => FrontPhase.Open,
    };

    private sealed record StateRow
    {
        public required long Epoch { get; init; }

        public required string Front { get; init; }

        public required string Phase { get; init; }

        public string? Life { get; init; }

        public required DateTime Now { get; init; }
    }

    private sealed record GatewayRow
    {
        public required string Gateway { get; init; }

        public required long Epoch { get; init; }

        public required string Phase { get; init; }

        public bool? RedisOk { get; init; }
    }
}
