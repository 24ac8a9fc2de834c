using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>A script of the folder <c>node</c> that makes the usual calls of one official package, run once: its tests look at what it printed.</summary>
internal abstract class NodeSdkFixture : EndToEndFixture
{
    // On a channel of its own: what fails here keeps no other call waiting.
    private const string Failing = "failing";

    private JsonNode results = null!;

    protected abstract string Script { get; }

    [OneTimeSetUp]
    public async Task RunScript()
    {
        await Gateway.CreateModelAsync(Failing, "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", Failing, Failing);
        var more = await PrepareAsync();
        results = await NodeScript.RunAsync(
            Script,
            [
                ("OPENAI_BASE_URL", BaseUrl), ("OPENAI_API_KEY", Key), ("ROOT_URL", Gateway.Address.ToString().TrimEnd('/')), ("BASE_URL", BaseUrl), ("KEY", Key),
                ("POOR_KEY", await Gateway.CreateKeyAsync(""","budget":{"amount":0.000001,"period":"total"}""")), ("MODEL", Model), ("FAILING_MODEL", $"fake/{Failing}"), .. more,
            ]);
    }

    /// <summary>Creates what the script needs besides; its environment for that.</summary>
    protected virtual Task<(string Name, string Value)[]> PrepareAsync() => Task.FromResult(Array.Empty<(string, string)>());

    /// <summary>What the script printed under this path; <c>null</c>: nothing, or null.</summary>
    protected JsonNode? Find(string path)
    {
        var node = results;
        foreach (var name in path.Split('.'))
            node = node is JsonArray list ? list[int.Parse(name)] : node?[name];
        return node;
    }

    /// <summary>Asserts what the script printed under this path: text as it is, everything else as JSON.</summary>
    protected void Printed(string path, string? expected) =>
        Assert.That(Find(path) is JsonValue value && value.TryGetValue<string>(out var text) ? text : Find(path)?.ToJsonString(), Is.EqualTo(expected), path);

    /// <summary>Asserts that a call threw this.</summary>
    protected void Threw(string call, string errorClass, int status, string code)
    {
        var error = Find(call)!;
        Assert.That((error["class"]!.GetValue<string>(), error["status"]!.GetValue<int>(), error["code"]!.GetValue<string>()), Is.EqualTo((errorClass, status, code)));
    }
}
