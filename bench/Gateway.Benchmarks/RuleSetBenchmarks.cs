using BenchmarkDotNet.Attributes;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>Budget: a request that no rule matches pays under 1 µs for the rules, however many there are.</summary>
[MemoryDiagnoser]
public class RuleSetBenchmarks
{
    private static readonly string[] Tags = ["nobody", "else"];

    private readonly RequestIndex _index = new();
    private byte[] _body = [];
    private CompiledRule[] _rules = [];
    private RuleSet _set = RuleSet.Empty;

    /// <summary>Rules of the workspace, each with a tag of its own.</summary>
    [Params(0, 10, 10_000)]
    public int Rules { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _body = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}"""u8.ToArray();
        _index.TryRead(_body, out _);
        _rules = [.. Enumerable.Range(0, Rules).Select(static i => new CompiledRule($"rule_{i}", "made_up", RulePhase.Body, new Nothing()) { Tags = [$"t{i}"] })];
        _set = Build();
    }

    [Benchmark]
    public int Match() => _set.Match(Tags).Count;

    /// <summary>What the pipeline does for the rules of a request: the exchange, the match, and the four phases.</summary>
    [Benchmark]
    public async ValueTask<int> MatchAndRunNothing()
    {
        using var exchange = new Exchange(_index, _body) { Workspace = "ws_default", KeyId = "key_a", Tags = Tags, Settings = _set.Settings };
        var chain = new RuleChain(_set.Match(Tags), exchange, NullLogger.Instance);
        await chain.RunAsync(RulePhase.Model, CancellationToken.None);
        await chain.RunAsync(RulePhase.Body, CancellationToken.None);
        await chain.RunAsync(RulePhase.Answer, CancellationToken.None);
        await chain.RunAsync(RulePhase.Attempts, CancellationToken.None);
        return chain.Effects.Count;
    }

    /// <summary>What a change of one rule costs its workspace, once, beside the reading and compiling of that rule.</summary>
    [Benchmark]
    public RuleSet Build() => new(_rules, RuleSettings.Default);

    private sealed class Nothing : IProxyRule
    {
        public ValueTask<RuleOutcome> OnRequestAsync(Exchange exchange, CancellationToken cancellationToken) => ValueTask.FromResult(RuleOutcome.Nothing);
    }
}
