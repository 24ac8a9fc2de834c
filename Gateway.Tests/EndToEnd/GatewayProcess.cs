using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gateway.Tests.EndToEnd;

/// <summary>The built gateway as a real process in a folder of its own, with REST at hand as its operator.</summary>
internal sealed partial class GatewayProcess : IAsyncDisposable
{
    public const string AdminKey = "tw_api_operator_0123456789abcdefghij";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process process;
    private readonly HttpClient api = new() { Timeout = Patience };

    private GatewayProcess(string folder, Process process)
    {
        Folder = folder;
        this.process = process;
    }

    public string Folder { get; }

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Everything that the process has written.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts a gateway; with the folder of an earlier one, on what that one left.</summary>
    public static async Task<GatewayProcess> StartAsync(string? folder = null, params (string Name, string Value)[] settings)
    {
        folder ??= Directory.CreateTempSubdirectory("gateway-e2e-").FullName;
        var start = new ProcessStartInfo("dotnet", [Dll()])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["Gateway__AdminKey"] = AdminKey;
        start.Environment["Gateway__Durability"] = "process";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information";
        foreach (var (name, value) in settings)
            start.Environment[name] = value;

        var gateway = new GatewayProcess(folder, Process.Start(start)!);
        await gateway.WaitUntilReadyAsync();
        return gateway;
    }

    /// <summary>SIGTERM, and waits for the end; the exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (!process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await kill.WaitForExitAsync();
        }

        using var deadline = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
        api.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public Task<JsonNode> CreateChannelAsync(string baseUrl, string routeType, string model, string upstreamModel, string extra = "") => PostAsync(
        "/api/channels",
        $$"""{"name":"fake-{{model}}","provider":"fake","baseUrl":"{{baseUrl}}","apiKey":"sk-canary","routeType":"{{routeType}}","allowPrivateAddress":true,"models":[{"model":"{{model}}","upstreamModel":"{{upstreamModel}}"}]{{extra}}}""");

    public Task<JsonNode> CreateModelAsync(string model, string routeType) => PostAsync(
        "/api/models",
        $$"""{"provider":"fake","model":"{{model}}","kind":"chat","maxOutputTokens":4096,"prices":[{"routeType":"{{routeType}}","inputPricePer1M":1.4,"outputPricePer1M":2.8}]}""");

    /// <summary>A key that no rate limit stops; its secret.</summary>
    public async Task<string> CreateKeyAsync(string extra = "") =>
        (await PostAsync("/api/keys", $$"""{"name":"e2e","kind":"inference","rateLimit":{"burst":100000,"refillPerSecond":10000}{{extra}}}"""))["key"]!.GetValue<string>();

    public Task<JsonNode> TopUpAsync(string bucket, decimal amount) => PostAsync("/api/top-ups", $$"""{"bucket":"{{bucket}}","amount":{{amount}}}""");

    public Task<JsonNode> CreatePackAsync(string model, decimal credits) =>
        PostAsync("/api/packs", $$"""{"provider":"fake","model":"{{model}}","credits":{{credits}}}""");

    /// <summary>An operator's GET.</summary>
    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path, json: null);

    /// <summary>An operator's POST.</summary>
    public Task<JsonNode> PostAsync(string path, string json) => SendAsync(HttpMethod.Post, path, json);

    internal static string Dll()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "Gateway.Host.dll");
        if (File.Exists(Path.ChangeExtension(beside, ".runtimeconfig.json")))
            return beside;

        var configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, $"../../../../Gateway.Host/bin/{configuration}/net10.0/Gateway.Host.dll"));
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path));
        request.Headers.Authorization = new("Bearer", AdminKey);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await api.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonNode.Parse(body)! : throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {body}");
    }

    private async Task WaitUntilReadyAsync()
    {
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(address.Task, ended, Task.Delay(Patience)) != address.Task)
            throw new InvalidOperationException($"The gateway did not start: {Output}");
        Address = new Uri(await address.Task);
    }

    private void Note(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
        if (Listening().Match(line) is { Success: true } match)
            address.TrySetResult(match.Groups["url"].Value);
    }

    [GeneratedRegex("Now listening on: (?<url>http://[0-9.:]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
