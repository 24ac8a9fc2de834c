using System.Globalization;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Secrets;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Demo;

/// <summary>What a fresh gateway has, so that its first call works: a channel and a model of the demo upstream, a key, and a pack.</summary>
/// <remarks>The key is stored as a hash like any other; its secret is kept sealed beside it, so that every start can print the same working line.</remarks>
internal sealed class DemoSetup(IResourceStore store, ILedger ledger, SecretBox secrets, KeyHasher hasher, TimeProvider time)
{
    private const string ResourceKind = "demo";
    private const string Workspace = "ws_default";

    /// <summary>Whether nothing else is configured or stored.</summary>
    public static async Task<bool> IsWantedAsync(IConfiguration configuration, IResourceStore store, CancellationToken cancellationToken) =>
        !configuration.GetSection("Channels").GetChildren().Any()
        && !configuration.GetSection("Models").GetChildren().Any()
        && (await store.ListAsync(ChannelDocument.ResourceKind, workspace: null, 1, cursor: null, cancellationToken)).Data.Count == 0;

    /// <summary>The demo's channel and model as configuration, with REST's field names.</summary>
    public static Dictionary<string, string?> Configuration(DemoUpstream upstream) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Channels:0:name"] = "demo",
        ["Channels:0:provider"] = "demo",
        ["Channels:0:baseUrl"] = upstream.BaseUrl,
        ["Channels:0:routeType"] = "ordinary",
        ["Channels:0:allowPrivateAddress"] = "true",
        ["Channels:0:models:0:model"] = "echo",
        ["Models:0:provider"] = "demo",
        ["Models:0:model"] = "echo",
        ["Models:0:kind"] = "chat",
        ["Models:0:contextWindow"] = "128000",
        ["Models:0:maxOutputTokens"] = "4096",
        ["Models:0:prices:0:routeType"] = "ordinary",
        ["Models:0:prices:0:inputPricePer1M"] = "1.4",
        ["Models:0:prices:0:outputPricePer1M"] = "2.8",
    };

    /// <summary>Makes the key and the pack once; returns the key's secret.</summary>
    public async Task<string> EnsureAsync(CancellationToken cancellationToken)
    {
        if (await store.FindAsync(ResourceKind, "demo", cancellationToken) is { } kept)
            return secrets.Open(System.Text.Encoding.UTF8.GetString(kept.Body).Trim('"'), "demo");

        var now = time.GetUtcNow();
        var by = new Authorship("gateway");
        var secret = ApiKeyFormat.NewInferenceKey();
        var id = string.Concat("key_", Guid.CreateVersion7(now).ToString("N"));
        var key = new KeyDocument(new KeyFields { Name = "demo", Kind = KeyKind.Inference }, KeyDocument.HintOf(secret));
        await store.CreateAsync(new Resource(KeyDocument.ResourceKind, id, Workspace, hasher.Mac(secret), key.ToBytes(), 1, now, now), by, cancellationToken);
        await ledger.PostAsync(
            new Posting
            {
                Account = KeySnapshot.AccountOf(Workspace),
                Workspace = Workspace,
                Kind = BucketKind.Pack,
                Provider = "demo",
                Model = "echo",
                Currency = "CREDIT",
                Amount = new Credits(10 * Credits.NanoPerCredit),
                Note = "demo",
                Actor = "gateway",
                IdempotencyKey = "demo-pack",
            },
            cancellationToken);

        // Last, so that a start that dies in between begins again.
        var sealedSecret = System.Text.Encoding.UTF8.GetBytes(string.Concat("\"", secrets.Seal(secret, "demo"), "\""));
        await store.CreateAsync(new Resource(ResourceKind, "demo", Workspace, Lookup: null, sealedSecret, 1, now, now), by, cancellationToken);
        return secret;
    }

    /// <summary>A line for a shell that works as it stands.</summary>
    public static string CurlLine(string address, string secret) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""curl {{address}}/v1/chat/completions -H 'Authorization: Bearer {{secret}}' -H 'Content-Type: application/json' -d '{"model":"demo/echo","messages":[{"role":"user","content":"Hello, ledger!"}]}'""");
}
