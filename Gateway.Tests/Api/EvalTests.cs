using System.Text.Json.Nodes;
using Gateway.Ledger;
using Gateway.Tests.Book;
using Gateway.Tests.Fakes;
using Gateway.Tests.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Api;

/// <summary><c>/api/evals</c> on a real store.</summary>
internal sealed class EvalTests
{
    private SqliteFile file = null!; // This one and those below: set before each test.
    private PostingLedger ledger = null!;
    private WatchdogGateway gateway = null!;

    [SetUp]
    public async Task Start()
    {
        file = await SqliteFile.OpenAsync();
        ledger = new PostingLedger();
        gateway = await WatchdogGateway.StartAsync(file.Book, ledger);
    }

    [TearDown]
    public async Task Stop()
    {
        await gateway.DisposeAsync();
        await file.DisposeAsync();
    }

    [TestCase("\"score\":0.75", 0.75)]
    [TestCase("\"score\":0", 0)]
    [TestCase("\"score\":1", 1)]
    [TestCase("\"score\":0.1234567", 0.123457)]
    [TestCase("\"rating\":1", 0)]
    [TestCase("\"rating\":4", 0.75)]
    [TestCase("\"rating\":5", 1)]
    [TestCase("\"thumbsUp\":true", 1)]
    [TestCase("\"thumbsUp\":false", 0)]
    public async Task A_score_is_stored_with_what_the_rule_did_to_its_call(string field, double score)
    {
        var receipt = WatchdogGateway.Receipt(ledger, "control", tag: "chat");

        var answer = await PostAsync(receipt, field, "\"note\":\"fine\"");

        Assert.That(answer.Status, Is.EqualTo(201), answer.Body.ToJsonString());
        Assert.That(answer.Body["score"]!.GetValue<double>(), Is.EqualTo(score));
        var texts = new[] { "receiptId", "source", "note", "keyId", "ruleId", "tag", "strength", "arm" }.Select(name => answer.Body[name]!.GetValue<string>());
        Assert.That(texts, Is.EqualTo(new[] { receipt.ToString(), "user", "fine", "key_a", WatchdogGateway.Rule, "chat", "medium", "control" }));
        var listed = (await gateway.SendAsync("GET", "/api/evals")).Body["data"]!.AsArray().Single()!;
        Assert.That(listed.ToJsonString(), Is.EqualTo(answer.Body.ToJsonString()));
    }

    [Test]
    public async Task The_same_score_again_is_the_same_answer_and_another_is_a_conflict()
    {
        var receipt = WatchdogGateway.Receipt(ledger);

        var first = await PostAsync(receipt, "\"score\":1");
        var again = await PostAsync(receipt, "\"thumbsUp\":true");
        var other = await PostAsync(receipt, "\"score\":0.5");
        var judge = await gateway.SendAsync("POST", "/api/evals", $$"""{"receiptId":"{{receipt}}","source":"judge","score":0.5}""");

        Assert.That((first.Status, again.Status, other.Status, judge.Status), Is.EqualTo((201, 201, 409, 201)));
        Assert.That((first.Replayed, again.Replayed), Is.EqualTo((false, true)));
        Assert.That(again.Body.ToJsonString(), Is.EqualTo(first.Body.ToJsonString()));
    }

    [Test]
    public async Task A_call_without_a_compress_rule_is_scored_without_a_detector()
    {
        var answer = await PostAsync(WatchdogGateway.Receipt(ledger, arm: null), "\"score\":1");

        Assert.That((answer.Status, answer.Body["arm"]!.GetValue<string>(), answer.Body["ruleId"]), Is.EqualTo((201, "none", (JsonNode?)null)));
        Assert.That((await gateway.SendAsync("GET", "/api/evals/watchdog")).Body["data"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task A_receipt_that_is_not_there_or_anothers_is_not_found()
    {
        var foreign = WatchdogGateway.Receipt(ledger, workspace: "ws_other");

        Assert.That((await PostAsync(foreign, "\"score\":1")).Status, Is.EqualTo(404));
        Assert.That((await PostAsync(ReceiptId.Create(DateTimeOffset.UtcNow), "\"score\":1")).Status, Is.EqualTo(404));
        Assert.That((await PostAsync(new ReceiptId(Guid.Parse("ffffffff-ffff-ffff-ffff-ffffffffffff")), "\"score\":1")).Status, Is.EqualTo(404));
        Assert.That((await gateway.SendAsync("GET", "/api/evals", workspace: "ws_other")).Body["data"]!.AsArray(), Is.Empty);
    }

    [TestCase("""{"receiptId":"{r}","source":"user"}""", "score")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":1,"rating":5}""", "score")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":1.000001}""", "score")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":-0.000001}""", "score")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":"1"}""", "score")]
    [TestCase("""{"receiptId":"{r}","source":"user","rating":0}""", "rating")]
    [TestCase("""{"receiptId":"{r}","source":"user","rating":6}""", "rating")]
    [TestCase("""{"receiptId":"{r}","source":"user","rating":4.5}""", "rating")]
    [TestCase("""{"receiptId":"{r}","source":"oracle","score":1}""", "source")]
    [TestCase("""{"receiptId":"{r}","score":1}""", "source")]
    [TestCase("""{"receiptId":"call","source":"user","score":1}""", "receiptId")]
    [TestCase("""{"source":"user","score":1}""", "receiptId")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":1,"note":"{501}"}""", "note")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":1,"note":"a\u0000"}""", "note")]
    [TestCase("""{"receiptId":"{r}","source":"user","score":1,"arm":"treated"}""", "arm")]
    [TestCase("""{"receiptId":"{r}","scores":[{"receiptId":"{r}","source":"user","score":1}]}""", "scores")]
    [TestCase("""{"scores":[]}""", "scores")]
    [TestCase("""{"scores":[null]}""", "scores[0]")]
    [TestCase("""{"scores":[{"receiptId":"{r}","source":"user","score":1},{"receiptId":"{r}","source":"user","score":2}]}""", "scores[1].score")]
    [TestCase("""{"scores":[{"scores":[]}]}""", "scores[0].scores")]
    [TestCase("[]", "")]
    public async Task Bad_fields_are_refused_by_name_and_nothing_is_stored(string body, string field)
    {
        var receipt = WatchdogGateway.Receipt(ledger);

        var answer = await gateway.SendAsync("POST", "/api/evals", body.Replace("{r}", receipt.ToString()).Replace("{501}", new string('n', 501)));

        Assert.That(answer.Status, Is.EqualTo(400));
        Assert.That(answer.Body["errors"]!.AsObject().Select(static error => error.Key), Does.Contain(field), answer.Body.ToJsonString());
        Assert.That((await gateway.SendAsync("GET", "/api/evals")).Body["data"]!.AsArray(), Is.Empty);
    }

    [TestCase(1000, 201)]
    [TestCase(1001, 400)]
    public async Task Several_scores_come_at_once_up_to_a_thousand(int count, int status)
    {
        var scores = string.Join(',', Enumerable.Range(0, count).Select(_ => $$"""{"receiptId":"{{WatchdogGateway.Receipt(ledger)}}","source":"eval","score":1}"""));

        var answer = await gateway.SendAsync("POST", "/api/evals", $$"""{"scores":[{{scores}}]}""");

        Assert.That(answer.Status, Is.EqualTo(status));
        Assert.That(await file.ScalarAsync("select count(*) from score"), Is.EqualTo(status == 201 ? 1000 : 0));
    }

    [Test]
    public async Task Of_several_scores_each_has_its_own_outcome_and_good_ones_are_kept()
    {
        var (known, fresh, untouched) = (WatchdogGateway.Receipt(ledger), WatchdogGateway.Receipt(ledger, "control"), WatchdogGateway.Receipt(ledger, arm: null));
        await PostAsync(known, "\"score\":1");
        var missing = ReceiptId.Create(DateTimeOffset.UtcNow);

        var answer = await gateway.SendAsync("POST", "/api/evals", $$"""
            {"scores":[{"receiptId":"{{missing}}","source":"user","score":1},{"receiptId":"{{known}}","source":"user","score":1},
            {"receiptId":"{{known}}","source":"user","score":0},{"receiptId":"{{fresh}}","source":"user","score":0.5},{"receiptId":"{{untouched}}","source":"user","rating":3}]}
            """);

        var data = answer.Body["data"]!.AsArray();
        Assert.That(data.Select(static outcome => outcome!["status"]!.GetValue<int>()), Is.EqualTo(new[] { 404, 200, 409, 201, 201 }));
        Assert.That(data.Select(static outcome => outcome!["score"]?["score"]?.GetValue<decimal>()), Is.EqualTo(new decimal?[] { null, 1, 1, 0.5m, 0.5m }));
        Assert.That(await file.ScalarAsync("select count(*) from score"), Is.EqualTo(3));
    }

    [Test]
    public async Task Scopes_and_tenants_bound_what_a_key_may_score_and_see()
    {
        var reader = await KeyAsync("evals:read");
        var writer = await KeyAsync("evals:write");
        var foreign = WatchdogGateway.Receipt(ledger, workspace: "ws_other");
        var own = WatchdogGateway.Receipt(ledger);
        string Body(ReceiptId id) => $$"""{"receiptId":"{{id}}","source":"user","score":1}""";

        Assert.That((await gateway.SendAsync("POST", "/api/evals", Body(own), reader)).Status, Is.EqualTo(403));
        Assert.That((await gateway.SendAsync("GET", "/api/evals", null, writer)).Status, Is.EqualTo(403));
        Assert.That((await gateway.SendAsync("POST", "/api/evals", Body(foreign), writer)).Status, Is.EqualTo(404));
        Assert.That((await gateway.SendAsync("POST", "/api/evals", Body(own), writer)).Status, Is.EqualTo(201));
        Assert.That((await gateway.SendAsync("GET", "/api/evals", null, reader)).Body["data"]!.AsArray(), Has.Count.EqualTo(1));
        var detector = (await gateway.SendAsync("GET", "/api/evals/watchdog", null, reader)).Body["data"]![0]!["id"]!.GetValue<string>();
        Assert.That((await gateway.SendAsync("POST", $"/api/evals/watchdog/{detector}/resume", null, reader)).Status, Is.EqualTo(403));
        Assert.That((await gateway.SendAsync("POST", $"/api/evals/watchdog/{detector}/resume", null, null, "ws_other")).Status, Is.EqualTo(404));
        Assert.That((await gateway.SendAsync("POST", $"/api/evals/watchdog/{detector}/resume", null, writer)).Status, Is.EqualTo(409));
    }

    [Test]
    public async Task Fifty_parallel_scores_are_all_counted()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync(WatchdogGateway.Receipt(ledger, "control"), "\"score\":1")));

        var found = (await file.Book.ListDetectorsAsync(null, 10, null, default)).Data.Single();
        Assert.That(found.Version, Is.EqualTo(50));
        Assert.That(await file.ScalarAsync("select count(*) from score"), Is.EqualTo(50));
    }

    [Test]
    public async Task A_pause_shows_with_its_evidence_in_the_list_and_in_the_audit_and_is_resumed_by_hand()
    {
        await gateway.ScoreAsync(ledger, buckets: 10, rightOfTen: 4);

        var detector = (await gateway.SendAsync("GET", "/api/evals/watchdog")).Body["data"]!.AsArray().Single()!;
        Assert.That((detector["phase"]!.GetValue<string>(), detector["ruleId"]!.GetValue<string>(), detector["strength"]!.GetValue<string>()), Is.EqualTo(("paused", WatchdogGateway.Rule, "medium")));
        Assert.That((detector["dropPercent"]!.GetValue<double>(), detector["pausesRunning"]!.GetValue<bool>()), Is.EqualTo((60d, true)).Within(1e-9));
        Assert.That(detector["statistic"]!.GetValue<double>(), Is.GreaterThanOrEqualTo(300));
        Assert.That(detector["count"]!.GetValue<long>(), Is.GreaterThanOrEqualTo(90));
        Assert.That(detector["restsUntil"], Is.Not.Null);
        var id = detector["id"]!.GetValue<string>();

        var resumed = await gateway.SendAsync("POST", $"/api/evals/watchdog/{id}/resume");
        var again = await gateway.SendAsync("POST", $"/api/evals/watchdog/{id}/resume");
        var audit = (await gateway.SendAsync("GET", "/api/audit")).Body["data"]!.AsArray().Where(static record => record!["kind"]!.GetValue<string>() == "watchdog").ToArray();

        Assert.That((resumed.Status, resumed.Body["phase"]!.GetValue<string>(), again.Status), Is.EqualTo((200, "active", 409)));
        Assert.That(audit[0]!["actor"]!.GetValue<string>(), Is.Not.EqualTo("watchdog"));
        Assert.That(audit[0]!["after"]!["reason"]!.GetValue<string>(), Is.EqualTo("byHand"));
        var pause = audit.Single(static record => record!["after"]!["to"]!.GetValue<string>() == "paused")!;
        Assert.That((pause["actor"]!.GetValue<string>(), pause["resourceId"]!.GetValue<string>()), Is.EqualTo(("watchdog", id)));
        Assert.That(pause["after"]!.AsObject().Select(static member => member.Key), Is.SupersetOf(new[] { "difference", "dropPercent", "count", "statistic", "window" }));
        Assert.That(audit[^1]!["after"]!["reason"]!.GetValue<string>(), Is.EqualTo("firstScore"));
    }

    private Task<(int Status, JsonNode Body, bool Replayed)> PostAsync(ReceiptId receipt, string field, string? more = null) =>
        gateway.SendAsync("POST", "/api/evals", $$"""{"receiptId":"{{receipt}}","source":"user",{{field}}{{(more is null ? "" : "," + more)}}}""");

    private async Task<string> KeyAsync(string scope) =>
        (await gateway.SendAsync("POST", "/api/keys", $$"""{"name":"m","kind":"management","scopes":["{{scope}}"]}""")).Body["key"]!.GetValue<string>();
}
