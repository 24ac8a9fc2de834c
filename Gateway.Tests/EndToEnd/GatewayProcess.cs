using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.EndToEnd;

/// <summary>The built gateway as a real process in a working directory of its own, with REST at hand as its operator.</summary>
internal sealed class GatewayProcess : IDisposable, IAsyncDisposable
{
    public const string AdminKey = "tw_api_operator_0123456789abcdefghij";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> output = new();
    private readonly ConcurrentQueue<string> errors = new();
    private readonly Process process;
    private readonly bool ownsFolder;
    private readonly HttpClient api = new() { Timeout = Patience };

    private GatewayProcess(string folder, bool ownsFolder, Process process, Uri address)
    {
        Folder = folder;
        this.ownsFolder = ownsFolder;
        this.process = process;
        Address = address;
        process.OutputDataReceived += (_, line) => Note(output, line.Data);
        process.ErrorDataReceived += (_, line) => Note(errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Folder { get; }

    public Uri Address { get; }

    public int Id => process.Id;

    public bool HasEnded => process.HasExited;

    public IReadOnlyList<string> Output => [.. output];

    public IReadOnlyList<string> Errors => [.. errors];

    /// <summary>A free port below the ephemeral ones, so that no outgoing connection takes it while the gateway is down.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 30_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }

    /// <summary>Starts one with these settings alone, and does not wait.</summary>
    public static GatewayProcess Start(string folder, int port, IReadOnlyDictionary<string, string> settings) => Start(folder, ownsFolder: false, port, settings);

    /// <summary>Starts an operator's gateway that writes no power-safe journal, in a folder that goes with it, and waits until it answers.</summary>
    public static async Task<GatewayProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway__AdminKey"] = AdminKey, ["Gateway__Durability"] = "process" };
        foreach (var (name, value) in settings)
            all[name] = value;
        var gateway = Start(Directory.CreateTempSubdirectory("gateway-e2e-").FullName, ownsFolder: true, FreePort(), all);
        await gateway.AnswersAsync();
        return gateway;
    }

    /// <summary>Waits until it answers; throws with its output if it ends or takes too long.</summary>
    public async Task AnswersAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The gateway ended with {process.ExitCode}: {Text()}");
            try
            {
                using var answer = await api.GetAsync(new Uri(Address, "/health/live"));
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(10);
            }
        }
    }

    /// <summary>Waits for a line of its standard output that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Patience)
        {
            if (output.FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } line)
                return line;
            await Task.Delay(10);
        }

        throw new TimeoutException($"No line begins with '{beginning}': {Text()}");
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary><c>SIGTERM</c>, without waiting for the end.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public string Text() => string.Join('\n', output.Concat(errors));

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
        api.Dispose();
        if (ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public Task<JsonNode> CreateChannelAsync(string baseUrl, string routeType, string model, string upstreamModel, string extra = "") => PostAsync(
        "/api/channels",
        $$"""{"name":"fake-{{model}}","provider":"fake","baseUrl":"{{baseUrl}}","apiKey":"sk-canary","routeType":"{{routeType}}","allowPrivateAddress":true,"models":[{"model":"{{model}}","upstreamModel":"{{upstreamModel}}"}]{{(extra.Contains("\"break", StringComparison.Ordinal) ? "" : ",\"breakMinimumCalls\":1000")}}{{extra}}}""");

    public Task<JsonNode> CreateModelAsync(string model, string routeType) => PostAsync(
        "/api/models",
        $$"""{"provider":"fake","model":"{{model}}","kind":"chat","maxOutputTokens":4096,"prices":[{"routeType":"{{routeType}}","inputPricePer1M":1.4,"outputPricePer1M":2.8}]}""");

    /// <summary>A key that no rate limit stops; its secret.</summary>
    public async Task<string> CreateKeyAsync(string extra = "") =>
        (await PostAsync("/api/keys", $$"""{"name":"e2e","kind":"inference","rateLimit":{"burst":100000,"refillPerSecond":10000}{{extra}}}"""))["key"]!.GetValue<string>();

    /// <summary>A key without limits, and 1,000 credits in its wallet.</summary>
    public async Task<string> KeyWithCreditAsync()
    {
        var key = await CreateKeyAsync();
        await TopUpAsync("wallet", 1000);
        return key;
    }

    public Task<JsonNode> TopUpAsync(string bucket, decimal amount) => PostAsync("/api/top-ups", $$"""{"bucket":"{{bucket}}","amount":{{amount}}}""");

    public Task<JsonNode> CreatePackAsync(string model, decimal credits) =>
        PostAsync("/api/packs", $$"""{"provider":"fake","model":"{{model}}","credits":{{credits}}}""");

    /// <summary>An operator's GET.</summary>
    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path, json: null);

    /// <summary>An operator's PATCH.</summary>
    public Task<JsonNode> PatchAsync(string path, string json) => SendAsync(HttpMethod.Patch, path, json);

    /// <summary>An operator's POST, in the default workspace or another.</summary>
    public Task<JsonNode> PostAsync(string path, string json, string? workspace = null) => SendAsync(HttpMethod.Post, path, json, workspace);

    private static GatewayProcess Start(string folder, bool ownsFolder, int port, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Dll()])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        var address = $"http://127.0.0.1:{port}";
        start.Environment["URLS"] = address;

        // A test that has looked at readiness is no load balancer that must notice its end.
        start.Environment["Gateway__DrainDelay"] = "0s";
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var started = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        return new GatewayProcess(folder, ownsFolder, started, new Uri(address));
    }

    // The tests' own folder is Gateway.Tests/bin/<configuration>/<framework>.
    internal static string Dll()
    {
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var dll = Path.GetFullPath(Path.Combine(framework.FullName, $"../../../../Gateway.Host/bin/{framework.Parent!.Name}/{framework.Name}/Gateway.Host.dll"));
        return File.Exists(dll) ? dll : throw new FileNotFoundException("The gateway was not built.", dll);
    }

    private static void Note(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string? json, string? workspace = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path));
        request.Headers.Authorization = new("Bearer", AdminKey);
        if (workspace is not null)
            request.Headers.Add("X-Workspace", workspace);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await api.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonNode.Parse(body)! : throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {body}");
    }
}
