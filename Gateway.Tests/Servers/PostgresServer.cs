using System.Globalization;
using Gateway.Tests.EndToEnd;
using Npgsql;

namespace Gateway.Tests.Servers;

/// <summary>A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, password logins on a free port of 127.0.0.1.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Superuser = "gateway_admin";
    private const string Password = "p4ss;word='x\"";
    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(20);
    private static readonly Lazy<Task<PostgresServer>> TheShared = new(static () => StartAsync());

    private readonly DirectoryInfo folder;
    private readonly PostgresPrograms installed;
    private readonly int port;
    private readonly bool fsync;
    private int databases;

    private PostgresServer(DirectoryInfo folder, PostgresPrograms programs, bool fsync)
    {
        this.folder = folder;
        installed = programs;
        this.fsync = fsync;
        port = GatewayProcess.FreePort();
    }

    /// <summary>The superuser's connection string for the database <c>postgres</c>.</summary>
    public string ConnectionString => For("postgres");

    private string Data => Path.Combine(folder.FullName, "data");

    /// <summary>The server that tests share; started at its first use, stopped after the last test of the run.</summary>
    public static Task<PostgresServer> SharedAsync()
    {
        PostgresPrograms.Require();
        return TheShared.Value;
    }

    /// <summary>Makes a cluster and starts it. Where PostgreSQL is not installed the test is skipped with that reason, under <c>CI=true</c> it fails.</summary>
    /// <param name="fsync">Whether commits reach the disk; <c>false</c> (default) is faster and survives the server's death, not the machine's.</param>
    public static async Task<PostgresServer> StartAsync(bool fsync = false)
    {
        var programs = PostgresPrograms.Require();
        var server = new PostgresServer(Directory.CreateTempSubdirectory("gateway-postgres-"), programs, fsync);
        var passwordFile = Path.Combine(server.folder.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, Password);
        await programs.GiveAsync(server.folder.FullName);
        await programs.RunAsync(
            "initdb", server.folder.FullName,
            "-D", server.Data, "-U", Superuser, "-A", "scram-sha-256", $"--pwfile={passwordFile}", "-E", "UTF8", "--locale=C", "--no-sync");
        await server.LaunchAsync();
        return server;
    }

    /// <summary>Makes an empty database and returns the superuser's connection string for it.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"gateway_{Interlocked.Increment(ref databases)}";
        await ExecuteAsync($"create database {name}");
        return For(name);
    }

    /// <summary>Runs a statement as the superuser, in the database of <paramref name="connectionString"/> or else in <c>postgres</c>.</summary>
    public async Task ExecuteAsync(string sql, string? connectionString = null)
    {
        await using var connection = new NpgsqlConnection(WithoutPool(connectionString ?? ConnectionString));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Stops it; <paramref name="immediate"/>: as in a crash, without a checkpoint.</summary>
    public Task StopAsync(bool immediate) =>
        installed.RunAsync("pg_ctl", folder.FullName, "-D", Data, "-w", "-m", immediate ? "immediate" : "fast", "stop");

    /// <summary>Starts it again after <see cref="StopAsync"/> or <see cref="KillAsync"/>, on the same port.</summary>
    public async Task RestartAsync()
    {
        using var deadline = new CancellationTokenSource(RestartPatience);
        while (true)
        {
            try
            {
                await LaunchAsync();
                return;
            }
            catch (InvalidOperationException) when (!deadline.IsCancellationRequested)
            {
                // A killed server's children hold its shared memory until they notice.
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    /// <summary>Kills the postmaster with SIGKILL; its children end by themselves.</summary>
    public async Task KillAsync()
    {
        var file = await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid"));
        using var postmaster = System.Diagnostics.Process.GetProcessById(int.Parse(file[0], CultureInfo.InvariantCulture));
        postmaster.Kill();
        await postmaster.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            try
            {
                await StopAsync(immediate: true);
            }
            catch (InvalidOperationException)
            {
                // Killed by its test: there is nothing to stop.
            }
        }

        folder.Delete(recursive: true);
    }

    /// <summary>Stops the shared server if any test started it.</summary>
    internal static async Task EndSharedAsync()
    {
        if (TheShared is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await TheShared.Value).DisposeAsync();
    }

    private static string WithoutPool(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    private string For(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = Superuser,
        Password = Password,
        Database = database,
    }.ConnectionString;

    private Task LaunchAsync()
    {
        var options = string.Create(
            CultureInfo.InvariantCulture,
            $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync={(fsync ? "on" : "off")} -c max_connections=200");
        return installed.RunAsync("pg_ctl", folder.FullName, "-D", Data, "-w", "-l", Path.Combine(folder.FullName, "log"), "-o", options, "start");
    }
}
