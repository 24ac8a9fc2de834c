using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.Transforms;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;

namespace Gateway.Benchmarks;

/// <summary>Budgets: a key at 300 MB/s and 0 bytes, a hit in memory under 1 µs, a near duplicate among 10,000 questions under 200 µs, a scan of 10,000 × 256 under 1 ms.</summary>
[MemoryDiagnoser]
public class CachingBenchmarks
{
    private const int Questions = 10_000;

    private readonly CacheScope _scope = new("ws_default", "", "rule_1", "openai", "gpt-5", "/v1/chat/completions");
    private readonly AnswerKey _partition = new("ws_default", new CacheDigest(1, 2, 3, 4));
    private readonly CacheKeyReader _reader = new();
    private readonly InProcessAnswerStore _store = new(TimeProvider.System);
    private byte[] _small = [];
    private byte[] _large = [];
    private byte[] _pretty = [];
    private AnswerKey _answer;
    private QuestionIndex _byWords = null!; // Made in SetupAsync, as the next.
    private QuestionIndex _byMeaning = null!;
    private QuestionEmbedding _embedding = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _small = Body(1_000);
        _large = Body(1_000_000);
        _pretty = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_large).Replace("},{", "},\n        {", StringComparison.Ordinal).Replace("\":\"", "\": \"", StringComparison.Ordinal));
        _reader.TryRead(_small, _scope);
        _answer = new AnswerKey("ws_default", _reader.Exact);
        await _store.KeepAsync(_answer, new StoredReply { Streamed = false, Body = _small, UpstreamModel = "gpt-5", CreatedAt = DateTimeOffset.UnixEpoch }, TimeSpan.FromHours(1), default);

        _byWords = await FilledAsync(withVectors: false);
        _byMeaning = await FilledAsync(withVectors: true);
        _embedding = new QuestionEmbedding("openai/e", Vector(Questions));
    }

    [GlobalCleanup]
    public void Cleanup() => _reader.Dispose();

    [Benchmark]
    public bool Key1Kb() => _reader.TryRead(_small, _scope);

    [Benchmark]
    public bool Key1Mb() => _reader.TryRead(_large, _scope);

    [Benchmark]
    public bool Key1MbPretty() => _reader.TryRead(_pretty, _scope);

    [Benchmark]
    public ValueTask<StoredReply?> HitInMemory() => _store.FindAsync(_answer, default);

    [Benchmark]
    public string? ForbiddenWords() => SimilarQuestions.ForbiddenWords("How do I sort the nine hundred lists of an archive by their third column?");

    [Benchmark]
    public ValueTask<SimilarQuestion?> NearDuplicateAmong10000() => _byWords.FindAsync(_partition, "please, how do I sort the jfc list by its ceb column", 0.95, embedding: null, default);

    [Benchmark]
    public ValueTask<SimilarQuestion?> NoNearDuplicateAmong10000() => _byWords.FindAsync(_partition, "How do I bake a cake without any eggs in it?", 0.95, embedding: null, default);

    [Benchmark]
    public ValueTask<SimilarQuestion?> Scan10000x256() => _byMeaning.FindAsync(_partition, "How do I bake a cake without any eggs in it?", 0.95, _embedding, default);

    private async Task<QuestionIndex> FilledAsync(bool withVectors)
    {
        var store = new InProcessAnswerStore(TimeProvider.System);
        for (var number = 0; number < Questions; number++)
        {
            var text = $"How do I sort the {Name(number)} list by its {Name(number * 7 % 1_000)} column?";
            var question = new StoredQuestion(new CacheDigest((ulong)number, 0, 0, 0), text, DateTimeOffset.MaxValue, withVectors ? "openai/e" : "", withVectors ? Vector(number) : null);
            await store.KeepQuestionAsync(_partition, question, default);
        }

        // Each lookup reads a part of the log.
        var index = new QuestionIndex(store, TimeProvider.System) { MaxQuestions = 2 * Questions };
        for (var i = 0; i < 20; i++)
            await index.FindAsync(_partition, "x", 0.95, embedding: null, default);
        return index;
    }

    private static QuantisedVector Vector(int seed)
    {
        var random = new Random(seed);
        var values = new float[256];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)random.NextDouble() - 0.5f;
        return QuantisedVector.From(values) ?? throw new InvalidOperationException("No vector.");
    }

    private static string Name(int number) => string.Concat(number.ToString(System.Globalization.CultureInfo.InvariantCulture).Select(static digit => (char)('a' + digit - '0')));

    private static byte[] Body(int size)
    {
        const string message = """{"role":"user","content":"What does the gateway do with a body that no rule touches?\nIt sends it on, byte for byte."}""";
        var messages = string.Join(',', Enumerable.Repeat(message, size / message.Length));
        return Encoding.UTF8.GetBytes($$"""{"model":"deepseek-chat","provider":"deepseek","stream":true,"messages":[{{messages}}],"temperature":0.2}""");
    }
}
