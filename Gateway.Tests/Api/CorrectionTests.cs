using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Api;

/// <summary>Refunds, adjustments, members and audit through REST, on a real ledger in one SQLite file.</summary>
internal sealed class CorrectionTests
{
    private const string Admin = "tw_api_operator_0123456789abcdefghij";

    private DirectoryInfo folder = null!; // This one and those below: set before each test.
    private LedgerStorage storage = null!;
    private WebApplication app = null!;
    private HttpClient client = null!;

    [SetUp]
    public async Task Start()
    {
        folder = Directory.CreateTempSubdirectory("gateway-corrections-");
        var settings = new GatewaySettings { BookFile = Path.Combine(folder.FullName, "book.db"), SpoolFolder = Path.Combine(folder.FullName, "spool"), AdminKey = Admin };
        var options = new LedgerOptions { BookFile = settings.BookFile, SpoolFolder = settings.SpoolFolder, Durability = Durability.Process };
        storage = await LedgerStorage.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, default);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(new MasterKeys(new byte[32], []));
        builder.Services.AddSingleton(storage.Resources);
        builder.Services.AddSingleton(storage.Ledger);
        builder.Services.AddControlPlane();
        app = builder.Build();
        app.MapControlPlane();
        await app.StartAsync();
        client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        client.DefaultRequestHeaders.Add("X-Workspace", "ws_1");
    }

    [TearDown]
    public async Task Stop()
    {
        client.Dispose();
        await app.DisposeAsync();
        await storage.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Test]
    public async Task A_refund_is_made_once_and_the_receipt_and_the_balance_show_it()
    {
        await TopUpAsync(1);
        var receipt = await CallAsync(400_000_000);
        var body = $$"""{"receiptId":"{{receipt}}","amount":0.1,"note":"a complaint"}""";

        var first = await SendAsync("POST", "/api/refunds", body, "k");
        var again = await SendAsync("POST", "/api/refunds", body, "k");
        var other = await SendAsync("POST", "/api/refunds", body.Replace("0.1", "0.2"), "k");

        Assert.That((first.Status, again.Status, other.Status), Is.EqualTo((201, 201, 422)));
        Assert.That((first.Replayed, again.Replayed), Is.EqualTo((false, true)));
        Assert.That(again.Body["postingId"]!.GetValue<string>(), Is.EqualTo(first.Body["postingId"]!.GetValue<string>()));
        Assert.That(first.Body["buckets"]![0]!["posted"]!.GetValue<decimal>(), Is.EqualTo(0.7m));
        var stored = (await SendAsync("GET", $"/api/receipts/{receipt}")).Body;
        Assert.That(stored["refunds"]!.AsArray().Single()!["amount"]!.GetValue<decimal>(), Is.EqualTo(0.1m));
        Assert.That((await BucketAsync())["available"]!.GetValue<decimal>(), Is.EqualTo(0.7m));
    }

    [Test]
    public async Task A_refund_beyond_the_charge_is_refused_with_what_is_left()
    {
        await TopUpAsync(1);
        var receipt = await CallAsync(400_000_000);

        var over = await SendAsync("POST", "/api/refunds", $$"""{"receiptId":"{{receipt}}","amount":0.400000001}""");
        var all = await SendAsync("POST", "/api/refunds", $$"""{"receiptId":"{{receipt}}"}""");
        var more = await SendAsync("POST", "/api/refunds", $$"""{"receiptId":"{{receipt}}"}""");

        Assert.That((over.Status, over.Body["detail"]!.GetValue<string>()), Is.EqualTo((409, "0.4 credits of the charge are left to be refunded.")));
        Assert.That((all.Status, all.Body["amount"]!.GetValue<decimal>()), Is.EqualTo((201, 0.4m)));
        Assert.That(more.Status, Is.EqualTo(409));
        Assert.That((await SendAsync("GET", $"/api/receipts/{receipt}")).Body["delivery"]!.GetValue<string>(), Is.EqualTo("refunded"));
    }

    [TestCase("{}")]
    [TestCase("""{"receiptId":"ul_x"}""")]
    [TestCase("""{"receiptId":"{id}","amount":0}""")]
    [TestCase("""{"receiptId":"{id}","amount":-1}""")]
    [TestCase("""{"receiptId":"{id}","amount":0.0000000001}""")]
    [TestCase("""{"receiptId":"{id}","amount":4000001}""")]
    [TestCase("""{"receiptId":"{id}","amount":"1"}""")]
    [TestCase("""{"receiptId":"{id}","note":"{501}"}""")]
    [TestCase("""{"receiptId":"{id}","note":"a\u0000b"}""")]
    [TestCase("""{"receiptId":"{id}","reason":"undelivered"}""")]
    public async Task A_refund_with_bad_fields_is_refused(string body)
    {
        var text = body.Replace("{id}", $"ul_{Guid.CreateVersion7():N}").Replace("{501}", new string('n', 501));

        Assert.That((await SendAsync("POST", "/api/refunds", text)).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task A_refund_of_a_receipt_that_is_not_there_or_is_another_tenants_is_404()
    {
        await TopUpAsync(1);
        var receipt = await CallAsync(400_000_000);

        Assert.That((await SendAsync("POST", "/api/refunds", $$"""{"receiptId":"ul_{{Guid.CreateVersion7():N}}"}""")).Status, Is.EqualTo(404));
        client.DefaultRequestHeaders.Remove("X-Workspace");
        client.DefaultRequestHeaders.Add("X-Workspace", "ws_other");
        Assert.That((await SendAsync("POST", "/api/refunds", $$"""{"receiptId":"{{receipt}}"}""")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task An_adjustment_is_made_once_and_never_takes_more_than_there_is()
    {
        var bucket = await TopUpAsync(1);

        var down = await SendAsync("POST", "/api/adjustments", Adjust(bucket, "-0.4"), "k");
        var again = await SendAsync("POST", "/api/adjustments", Adjust(bucket, "-0.4"), "k");
        var below = await SendAsync("POST", "/api/adjustments", Adjust(bucket, "-0.600000001"));
        var up = await SendAsync("POST", "/api/adjustments", Adjust(bucket, "0.2"));
        var beyond = await SendAsync("POST", "/api/adjustments", Adjust(bucket, "4000000"));

        Assert.That(new[] { down.Status, again.Status, below.Status, up.Status, beyond.Status }, Is.EqualTo(new[] { 201, 201, 409, 201, 400 }));
        Assert.That((down.Replayed, again.Replayed), Is.EqualTo((false, true)));
        Assert.That((await BucketAsync())["posted"]!.GetValue<decimal>(), Is.EqualTo(0.8m));
        var entries = (await SendAsync("GET", "/api/entries")).Body["data"]!.AsArray();
        Assert.That(entries.Count(static entry => entry!["kind"]!.GetValue<string>() == "adjustment"), Is.EqualTo(4));
    }

    [TestCase("{}", 400)]
    [TestCase("""{"bucket":"{b}","amount":0,"note":"n"}""", 400)]
    [TestCase("""{"bucket":"{b}","amount":1}""", 400)]
    [TestCase("""{"bucket":"{b}","amount":1,"note":""}""", 400)]
    [TestCase("""{"bucket":"{b}","amount":1,"note":"{501}"}""", 400)]
    [TestCase("""{"bucket":"revenue","amount":1,"note":"n"}""", 400)]
    [TestCase("""{"bucket":"bkt_none","amount":1,"note":"n"}""", 404)]
    [TestCase("""{"account":"acc_2","bucket":"{b}","amount":1,"note":"n"}""", 404)]
    [TestCase("""{"account":"acc_1","bucket":"{b}","amount":1,"note":"n"}""", 201)]
    public async Task An_adjustment_names_a_bucket_and_says_why(string body, int status)
    {
        var bucket = await TopUpAsync(1);

        var answer = await SendAsync("POST", "/api/adjustments", body.Replace("{b}", bucket).Replace("{501}", new string('n', 501)));

        Assert.That(answer.Status, Is.EqualTo(status), answer.Body.ToJsonString());
    }

    [Test]
    public async Task Fifty_top_ups_at_once_under_one_key_post_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SendAsync("POST", "/api/top-ups", """{"bucket":"credit","amount":1}""", "k")));

        Assert.That(answers.Select(static answer => answer.Status), Is.All.EqualTo(201));
        Assert.That(answers.Count(static answer => !answer.Replayed), Is.EqualTo(1));
        Assert.That((await BucketAsync())["posted"]!.GetValue<decimal>(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_member_is_made_by_the_first_change_and_changed_under_its_etag()
    {
        Assert.That((await SendAsync("GET", "/api/members/mem_a")).Status, Is.EqualTo(404));

        var made = await SendAsync("PATCH", "/api/members/mem_a", """{"allowance":{"amount":100}}""");
        var changed = await SendAsync("PATCH", "/api/members/mem_a", """{"role":"admin","allowance":null}""", null, ("If-Match", "\"1\""));
        var late = await SendAsync("PATCH", "/api/members/mem_a", """{"role":"viewer"}""", null, ("If-Match", "\"1\""));
        var early = await SendAsync("PATCH", "/api/members/mem_b", """{"role":"viewer"}""", null, ("If-Match", "\"1\""));

        Assert.That((made.Status, made.Body["role"]!.GetValue<string>(), made.Body["allowance"]!["amount"]!.GetValue<decimal>()), Is.EqualTo((200, "member", 100m)));
        Assert.That((changed.Status, changed.Body["role"]!.GetValue<string>(), changed.Body["allowance"]), Is.EqualTo((200, "admin", (JsonNode?)null)));
        Assert.That((late.Status, early.Status), Is.EqualTo((412, 412)));
        Assert.That((await SendAsync("GET", "/api/members")).Body["data"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That((await SendAsync("DELETE", "/api/members/mem_a")).Status, Is.EqualTo(204));
        Assert.That((await SendAsync("GET", "/api/members/mem_a")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task First_changes_that_race_make_one_member()
    {
        var answers = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => SendAsync("PATCH", "/api/members/mem_a", $"{{\"allowance\":{{\"amount\":{i}}}}}")));

        Assert.That(answers.Select(static answer => answer.Status), Is.All.EqualTo(200));
        Assert.That((await SendAsync("GET", "/api/members/mem_a")).Body["etag"]!.GetValue<string>(), Is.EqualTo("\"4\""));
    }

    [TestCase("mem_a", """{"role":"king"}""", 400)]
    [TestCase("mem_a", """{"allowance":{"amount":0}}""", 400)]
    [TestCase("mem_a", """{"allowance":{"amount":-1}}""", 400)]
    [TestCase("mem_a", """{"allowance":{}}""", 400)]
    [TestCase("mem_a", """{"allowance":5}""", 400)]
    [TestCase("mem_a", """{"name":"a"}""", 400)]
    [TestCase("mem_", "{}", 404)]
    [TestCase("key_a", "{}", 404)]
    [TestCase("mem_a%20b", "{}", 404)]
    public async Task Fields_of_a_member_have_limits(string id, string body, int status) =>
        Assert.That((await SendAsync("PATCH", $"/api/members/{id}", body)).Status, Is.EqualTo(status));

    [Test]
    public async Task Audit_shows_each_write_to_its_own_tenant_without_credentials()
    {
        const string Channel = """{"name":"c","provider":"p","baseUrl":"https://example.com/v1","apiKey":"sk-canary","routeType":"official","models":[{"model":"m"}]}""";
        await TopUpAsync(1);
        await SendAsync("PATCH", "/api/members/mem_a", """{"role":"admin"}""");
        await SendAsync("POST", "/api/channels", Channel);

        var mine = (await SendAsync("GET", "/api/audit")).Body["data"]!.AsArray();
        client.DefaultRequestHeaders.Remove("X-Workspace");
        var all = (await SendAsync("GET", "/api/audit?limit=2")).Body;

        Assert.That(mine.Select(static record => record!["kind"]!.GetValue<string>()), Is.EqualTo(new[] { "member", "top_up" }));
        Assert.That(mine[0]!["after"]!["role"]!.GetValue<string>(), Is.EqualTo("admin"));
        Assert.That((all["data"]!.AsArray().Count, all["data"]![0]!["kind"]!.GetValue<string>()), Is.EqualTo((2, "channel")));
        Assert.That(all["nextCursor"], Is.Not.Null);
        Assert.That(all["data"]![0]!["after"]!.ToJsonString(), Does.Contain("example.com").And.Not.Contain("ealed"));
    }

    private static string Adjust(string bucket, string amount) => $$"""{"bucket":"{{bucket}}","amount":{{amount}},"note":"a correction"}""";

    private async Task<string> TopUpAsync(decimal amount) =>
        (await SendAsync("POST", "/api/top-ups", $$"""{"bucket":"credit","amount":{{amount}}}""")).Body["id"]!.GetValue<string>();

    private async Task<ReceiptId> CallAsync(long nano)
    {
        var held = (HoldResult.Held)await storage.Ledger.HoldAsync(Calls.Request(nano), default);
        await storage.Ledger.SettleAsync(held.Hold, new Settlement(Outcome.Complete, Calls.Used(nano), CountedBy.Upstream), default);
        storage.Ledger.Finish(held.Hold, Delivery.Confirmed);
        return held.Hold.ReceiptId;
    }

    private async Task<JsonNode> BucketAsync() => (await SendAsync("GET", "/api/accounts/acc_1")).Body["buckets"]!.AsArray().Single()!;

    private async Task<(int Status, JsonNode Body, bool Replayed)> SendAsync(
        string method, string path, string? body = null, string? idempotencyKey = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!, response.Headers.Contains("Idempotent-Replayed"));
    }
}
