using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Host.Catalogue;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using Gateway.Transforms.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Watchdog;

/// <summary>The control plane and the watchdog of one gateway, on a real store, with receipts that a test makes up.</summary>
internal sealed class WatchdogGateway : IAsyncDisposable
{
    public const string Rule = "rule_c";
    private const string Admin = "tw_api_operator_0123456789abcdefghij";

    private readonly WebApplication app;
    private readonly HttpClient client;

    private WatchdogGateway(WebApplication app)
    {
        this.app = app;
        client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
    }

    public Detectors Detectors => app.Services.GetRequiredService<Detectors>();

    public IStrengthAdvisor Advisor => app.Services.GetRequiredService<IStrengthAdvisor>();

    public T Service<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <param name="book">The store.</param>
    /// <param name="ledger">Where the receipts are.</param>
    /// <param name="watch">Whether it looks for what other gateways change.</param>
    /// <param name="time">Another clock than the system's.</param>
    public static async Task<WatchdogGateway> StartAsync<TBook>(TBook book, PostingLedger ledger, bool watch = false, TimeProvider? time = null)
        where TBook : IResourceStore, IScoreStore
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new GatewaySettings { BookFile = "", SpoolFolder = "", AdminKey = Admin });
        builder.Services.AddSingleton(new MasterKeys(new byte[32], []));
        builder.Services.AddSingleton<IResourceStore>(book);
        builder.Services.AddSingleton<IScoreStore>(book);
        builder.Services.AddSingleton<ILedger>(ledger);
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddWatchdog();
        builder.Services.AddControlPlane();
        if (watch)
            builder.Services.AddHostedService<ResourceWatch>();
        var built = builder.Build();
        built.MapControlPlane();
        await built.Services.GetRequiredService<Detectors>().ReloadAsync(default);
        await built.StartAsync();
        return new WatchdogGateway(built);
    }

    /// <summary>A receipt of a call that the rule compressed, held out, paused or did not touch.</summary>
    public static ReceiptId Receipt(PostingLedger ledger, string? arm = "treated", string keyId = "key_a", string workspace = "ws_default", string strength = "medium", string tag = "")
    {
        var id = ReceiptId.Create(DateTimeOffset.UtcNow);
        var applied = arm is "treated" or "none" ? strength : "off";
        var rules = arm is null
            ? """[{"id":"rule_m","type":"model_override","effect":{}}]"""
            : $$"""[{"id":"{{Rule}}","type":"compress","effect":{"version":1,"strength":"{{applied}}","wanted":"{{strength}}","tag":"{{tag}}","tokensSaved":12,"arm":"{{arm}}"} }]""";
        ledger.Receipts[id] = (workspace, $$"""{"id":"{{id}}","keyId":"{{keyId}}","workspace":"{{workspace}}","rules":{{rules}}}""");
        return id;
    }

    /// <summary>Scores that nobody can miss: the control is always right, and of ten treated answers so many are.</summary>
    public async Task ScoreAsync(PostingLedger ledger, int buckets, int rightOfTen, string tag = "", string strength = "medium")
    {
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            var scores = new JsonArray();
            for (var i = 0; i < 20; i++)
            {
                var arm = i % 2 == 0 ? "control" : "treated";
                var receipt = Receipt(ledger, arm, tag: tag, strength: strength);
                scores.Add((JsonNode)new JsonObject { ["receiptId"] = receipt.ToString(), ["source"] = "user", ["thumbsUp"] = arm == "control" || i / 2 < rightOfTen });
            }

            await SendAsync("POST", "/api/evals", new JsonObject { ["scores"] = scores }.ToJsonString());
        }
    }

    public async Task<(int Status, JsonNode Body, bool Replayed)> SendAsync(string method, string path, string? body = null, string? key = null, string? workspace = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (workspace is not null)
            request.Headers.Add("X-Workspace", workspace);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!, response.Headers.Contains("Idempotent-Replayed"));
    }

    public StrengthAdvice Advise(ulong unit, Strength wanted = Strength.Medium, string tag = "", bool dryRun = false) =>
        Advisor.Advise(new CompressSubject("ws_default", Rule, tag, new ConversationUnit(UnitKind.Conversation, unit), wanted) { IsDryRun = dryRun });

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
    }
}
