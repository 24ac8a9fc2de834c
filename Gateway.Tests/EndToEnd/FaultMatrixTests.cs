using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd.Faults;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Each failure of a provider × streamed or not × with a healthy sibling behind it or without: what the client sees, what the receipt says, what the account paid.</summary>
internal sealed class FaultMatrixTests : EndToEndFixture
{
    private readonly RawUpstream raw = new();
    private int nextModel;

    protected override (string Name, string Value)[] Settings => [("Gateway__MaxAnswerTime", "30s")];

    private static IEnumerable<TestCaseData> Cells()
    {
        foreach (var fault in HeadFaults.All().Concat(BodyFaults.All()).Concat(StreamFaults.All()).Concat(UsageFaults.All()))
        {
            foreach (var streamed in (bool[])[false, true])
            {
                if ((streamed ? fault.Streamed : fault.Plain) is not { } ending)
                    continue;
                foreach (var hasSibling in (bool[])[true, false])
                    yield return new TestCaseData(fault, streamed, hasSibling, ending).SetName($"{fault.Name}, {(streamed ? "streamed" : "plain")}, {(hasSibling ? "first" : "last")} candidate");
            }
        }
    }

    [OneTimeTearDown]
    public async Task StopRaw() => await raw.DisposeAsync();

    [TestCaseSource(nameof(Cells))]
    public async Task A_failing_channel_is_the_clients_problem_only_if_nobody_else_can_answer(Fault fault, bool streamed, bool hasSibling, object ending)
    {
        var (model, failing, sibling) = await CreateAsync(fault, hasSibling);
        var before = await BucketAsync("credit");

        var answer = await PostAsync($$"""{"model":"{{model}}","messages":[{"role":"user","content":"fake:count=3"}],"max_tokens":20{{(streamed ? ",\"stream\":true" : "")}}}""");

        var seen = new FaultView(answer, await ReceiptAsync(answer), streamed);
        using (Assert.EnterMultipleScope())
        {
            switch (ending)
            {
                case Ending.Failed failed when sibling is not null:
                    seen.IsAnsweredBy(sibling, failing, failed);
                    break;
                case Ending.Failed failed:
                    seen.IsError(failing, failed);
                    break;
                case Ending.Cut cut:
                    seen.IsCut(failing, cut);
                    break;
                case Ending.Sound sound:
                    seen.IsSound(failing, sound);
                    break;
            }

            seen.NamesNoSecret(raw.BaseUrl, raw.RefusingUrl);
            var bucket = await BucketAsync("credit");
            Assert.That(Amount(bucket, "held"), Is.EqualTo(Amount(before, "held")), "the hold is released");
            Assert.That(Amount(bucket, "posted"), Is.EqualTo(Amount(before, "posted") - seen.Cost), "the account paid what the receipt says");
            Assert.That(raw.RequestLines, Has.None.Contains("elsewhere"), "redirects are not followed");
        }
    }

    private async Task<(string Model, string Failing, string? Sibling)> CreateAsync(Fault fault, bool hasSibling)
    {
        var name = $"fault-{++nextModel}";
        raw.Script(name, fault.Play);
        await Gateway.CreateModelAsync(name, "official");
        var failing = await Gateway.CreateChannelAsync(fault.Refuses ? raw.RefusingUrl : raw.BaseUrl, "official", name, name, fault.Fields);
        var sibling = hasSibling ? await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", name, "sibling", ",\"priority\":1") : null;
        return ($"fake/{name}", IdOf(failing), sibling is null ? null : IdOf(sibling));
    }

    private static decimal Amount(JsonNode bucket, string name) => bucket[name]!.GetValue<decimal>();

    private static string IdOf(JsonNode resource) => resource["id"]!.GetValue<string>();
}
