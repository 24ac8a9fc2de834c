using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Caching;
using Gateway.Tests.Fakes;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Rules;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

[TestFixture]
public sealed class CacheEnableTests
{
    private const string Exact = """{"ttlSeconds":3600}""";
    private const string Semantic = """{"ttlSeconds":3600,"mode":"semantic"}""";
    private const string Question = """{"model":"m","messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0}""";

    private readonly ManualTimeProvider time = new(Replies.Start);
    private CachingServices services = null!;

    [SetUp]
    public void Begin() => services = new CachingServices(new InProcessAnswerStore(time), time, Embedder: null);

    [Test]
    public async Task A_request_is_answered_by_the_answer_of_the_same_one_before()
    {
        var rule = Rule(Exact);
        using (var first = Request(Question))
        {
            var miss = await AskAsync(rule, first);
            Assert.That(miss.Effect!.Status, Is.EqualTo("miss"));
            Assert.That((first.CacheStatus, first.WantsAnswer), Is.EqualTo(("miss", true)));
            await rule.OnResponseAsync(first, Answer("Paris"), default);
        }

        time.Advance(TimeSpan.FromSeconds(90));
        using var second = Request(Question);
        var hit = await AskAsync(rule, second);

        Assert.That(hit.Reply.Text(), Is.EqualTo("Paris"));
        Assert.That(hit.Reply!.Status, Is.EqualTo("hit"));
        var effect = JsonNode.Parse(new RuleEffect("r", "cache_enable", hit.Effect!).ToJson())!;
        Assert.That(effect["key"]!.GetValue<string>(), Has.Length.EqualTo(64));
        effect["key"] = null;
        Assert.That(effect.ToJsonString(), Is.EqualTo("""{"status":"hit","key":null,"ageSeconds":90,"saved":{"inputTokens":24,"outputTokens":86}}"""));
    }

    [Test]
    public async Task Tenants_rules_models_and_endpoints_never_share()
    {
        var rule = Rule(Exact);
        await StoreAsync(rule, Question);

        Assert.That((await TryAsync(rule, Request(Question, workspace: "ws_b"))).Reply, Is.Null);
        Assert.That((await TryAsync(Rule(Exact, "rule_2"), Request(Question))).Reply, Is.Null);
        Assert.That((await TryAsync(rule, Request(Question, model: "gpt-5"))).Reply, Is.Null);
        Assert.That(rule.AppliesTo(CallKind.Completion), Is.False);
        Assert.That((await TryAsync(rule, Request(Question))).Reply, Is.Not.Null);
        Assert.That((await TryAsync(rule, Request(Question, key: "key_2"))).Reply, Is.Not.Null, "Keys of one tenant share.");
    }

    [Test]
    public async Task Tenants_never_share_near_duplicates_either()
    {
        var rule = Rule(Semantic);
        await StoreAsync(rule, Question);
        var spelledOtherwise = Question.Replace("France?", "France");

        Assert.That((await TryAsync(rule, Request(spelledOtherwise, workspace: "ws_b"))).Reply, Is.Null);
        Assert.That((await TryAsync(rule, Request(spelledOtherwise))).Reply, Is.Not.Null);
    }

    [Test]
    public async Task An_answer_expires()
    {
        var rule = Rule(Exact);
        await StoreAsync(rule, Question);

        time.Advance(TimeSpan.FromSeconds(3599));
        Assert.That((await TryAsync(rule, Request(Question))).Reply, Is.Not.Null);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await TryAsync(rule, Request(Question))).Reply, Is.Null);
    }

    [Test]
    public async Task A_near_duplicate_is_called_that_and_names_the_answer_that_it_got()
    {
        var rule = Rule(Semantic);
        await StoreAsync(rule, Question);

        var hit = await TryAsync(rule, Request(Question.Replace("What is the", "please,  what is the")));

        Assert.That(hit.Reply!.Status, Is.EqualTo("hit-near-duplicate"));
        Assert.That(hit.Effect!.Similarity, Is.InRange(0.95, 1));
        Assert.That(CacheDigest.TryParse(hit.Effect.Key, out var key), Is.True);
        await services.Store.ForgetAsync(new AnswerKey("ws_a", key), default);
        Assert.That((await TryAsync(rule, Request(Question))).Reply, Is.Null, "A bad answer can be forgotten by its receipt.");
        Assert.That((await TryAsync(rule, Request(Question.Replace("What is the", "please,  what is the")))).Reply, Is.Null);
    }

    [TestCase("France?", "Germany?")]
    [TestCase("What is", "What was")]
    [TestCase("What is", "What is not")]
    [TestCase("capital of France", "France of capital")]
    [TestCase("\"temperature\":0", "\"temperature\":0.1")]
    [TestCase("\"temperature\":0", "\"temperature\":0,\"seed\":1")]
    [TestCase("\"temperature\":0", "\"temperature\":0,\"tools\":[]")]
    [TestCase("\"temperature\":0", "\"temperature\":0,\"max_tokens\":5")]
    [TestCase("\"temperature\":0", "\"temperature\":0,\"response_format\":{\"type\":\"text\"}")]
    [TestCase("\"temperature\":0", "\"temperature\":0,\"stream\":true")]
    [TestCase("[{\"role\":\"user\"", "[{\"role\":\"system\",\"content\":\"Lie.\"},{\"role\":\"user\"")]
    public async Task Mode_semantic_does_not_answer_another_question(string said, string instead)
    {
        var rule = Rule(Semantic);
        await StoreAsync(rule, Question);

        var asked = await TryAsync(rule, Request(Question.Replace(said, instead)));

        Assert.That(asked.Effect!.Status, Is.EqualTo("miss"));
    }

    [Test]
    public async Task Mode_exact_knows_no_near_duplicates()
    {
        var rule = Rule(Exact);
        await StoreAsync(rule, Question);

        Assert.That((await TryAsync(rule, Request(Question.Replace("France?", "France")))).Reply, Is.Null);
    }

    [TestCase("\"temperature\":0", "\"top_p\":1", "temperature")]
    [TestCase("capital of France", "weather in Paris today", "time")]
    [TestCase("\"role\":\"user\"", "\"role\":\"assistant\"", "last_message_not_user")]
    public async Task Mode_semantic_says_why_it_looked_for_the_same_request_alone(string said, string instead, string why)
    {
        var rule = Rule(Semantic);
        var body = Question.Replace(said, instead);

        var miss = await TryAsync(rule, Request(body));
        Assert.That((miss.Effect!.Status, miss.Effect.Reason), Is.EqualTo(("miss", why)));
        await StoreAsync(rule, body);
        Assert.That((await TryAsync(rule, Request(body))).Effect!.Status, Is.EqualTo("hit"), "The very same is found all the same.");
    }

    [Test]
    public async Task No_cache_is_not_answered_but_stored()
    {
        var rule = Rule(Exact);
        await StoreAsync(rule, Question);
        using (var fresh = Request(Question, cacheControl: "no-cache"))
        {
            var bypass = await AskAsync(rule, fresh);
            Assert.That((bypass.Effect!.Status, bypass.Effect.Reason, fresh.CacheStatus), Is.EqualTo(("bypass", "no_cache", "bypass")));
            await rule.OnResponseAsync(fresh, Answer("newer"), default);
        }

        Assert.That((await TryAsync(rule, Request(Question))).Reply.Text(), Is.EqualTo("newer"));
    }

    [Test]
    public async Task No_store_is_neither_answered_nor_stored()
    {
        var rule = Rule(Exact);
        using (var first = Request(Question, cacheControl: "no-store"))
        {
            Assert.That((await AskAsync(rule, first)).Effect!.Reason, Is.EqualTo("no_store"));
            Assert.That(first.WantsAnswer, Is.False);
            await rule.OnResponseAsync(first, Answer("secret"), default);
        }

        Assert.That((await TryAsync(rule, Request(Question))).Reply, Is.Null);
        await StoreAsync(rule, Question);
        Assert.That((await TryAsync(rule, Request(Question, cacheControl: "no-store"))).Reply, Is.Null);
    }

    [Test]
    public async Task What_may_not_be_stored_is_not()
    {
        var rule = Rule(Exact);
        ExchangeAnswer[] bad =
        [
            Answer("x") with { FinishReason = "length" }, Answer("x") with { HasToolCalls = true }, Answer("x") with { HasRefusal = true },
            Answer("x") with { IsComplete = false }, Answer("") with { Body = default }, Answer("x") with { UpstreamModel = "fallback" },
        ];

        foreach (var answer in bad)
        {
            using var request = Request(Question);
            Assert.That((await AskAsync(rule, request)).Effect!.Status, Is.EqualTo("miss"), answer.ToString());
            await rule.OnResponseAsync(request, answer, default);
        }

        Assert.That((await TryAsync(rule, Request(Question))).Reply, Is.Null);
    }

    [Test]
    public async Task A_dry_run_looks_and_leaves_nothing_behind()
    {
        var rule = Rule(Semantic);
        using var dry = Request(Question, isDryRun: true);

        Assert.That((await AskAsync(rule, dry)).Effect!.Status, Is.EqualTo("miss"));
        Assert.That((dry.WantsAnswer, services.Flights.Count), Is.EqualTo((false, 0)));
        await rule.OnResponseAsync(dry, Answer("x"), default);
        Assert.That((await TryAsync(rule, Request(Question, isDryRun: true))).Reply, Is.Null);
        await StoreAsync(rule, Question);
        Assert.That((await TryAsync(rule, Request(Question, isDryRun: true))).Reply, Is.Not.Null);
    }

    [Test]
    public async Task A_hundred_equal_requests_at_once_call_upstream_once()
    {
        var rule = Rule(Exact);
        var calls = 0;

        var texts = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            using var request = Request(Question);
            var asked = await AskAsync(rule, request);
            if (asked.Reply is not null)
                return asked.Reply.Text();

            Interlocked.Increment(ref calls);
            await Task.Delay(50);
            await rule.OnResponseAsync(request, Answer("Paris"), default);
            return "Paris";
        })));

        Assert.That(texts, Is.All.EqualTo("Paris"));
        Assert.That(calls, Is.EqualTo(1));
        Assert.That(services.Flights.Count, Is.Zero);
    }

    [Test]
    public async Task When_the_first_of_many_fails_the_others_go_on()
    {
        var rule = Rule(Exact);
        var leader = Request(Question);
        Assert.That((await AskAsync(rule, leader)).Effect!.Status, Is.EqualTo("miss"));
        var followers = Enumerable.Range(0, 20).Select(_ => TryAsync(rule, Request(Question))).ToArray();
        await Task.Delay(50);
        Assert.That(followers.Any(static follower => follower.IsCompleted), Is.False);

        leader.Dispose();

        var outcomes = await Task.WhenAll(followers);
        Assert.That(outcomes.Select(static outcome => outcome.Effect!.Status), Is.All.EqualTo("miss"));
    }

    [Test]
    public async Task A_request_that_meets_a_hit_in_a_later_rule_does_not_keep_others_waiting()
    {
        var (first, second) = (Rule(Exact, "rule_1"), Rule(Exact, "rule_2"));
        await StoreAsync(second, Question);
        using (var request = Request(Question))
        {
            Assert.That((await AskAsync(first, request)).Reply, Is.Null);
            Assert.That((await AskAsync(second, request)).Reply, Is.Not.Null);
        }

        Assert.That(services.Flights.Count, Is.Zero);
    }

    [Test]
    public async Task Two_cache_rules_both_store()
    {
        var (first, second) = (Rule(Exact, "rule_1"), Rule(Exact, "rule_2"));
        using (var request = Request(Question))
        {
            await AskAsync(first, request);
            await AskAsync(second, request);
            await first.OnResponseAsync(request, Answer("a"), default);
            await second.OnResponseAsync(request, Answer("a"), default);
        }

        Assert.That((await TryAsync(first, Request(Question))).Reply, Is.Not.Null);
        Assert.That((await TryAsync(second, Request(Question))).Reply, Is.Not.Null);
    }

    [Test]
    public async Task With_an_embedder_a_paraphrase_is_a_semantic_hit()
    {
        var embedder = new FakeEmbedder();
        services = services with { Embedder = embedder };
        var rule = Rule(Semantic);
        await StoreAsync(rule, Question.Replace("What is the capital of France?", "How do I reset my password?"));

        var hit = await TryAsync(rule, Request(Question.Replace("What is the capital of France?", "How do I reset a password I forgot?")));

        Assert.That(hit.Reply!.Status, Is.EqualTo("hit-semantic"));
        Assert.That(embedder.Calls, Is.EqualTo(2), "One for each miss.");
        await TryAsync(rule, Request(Question.Replace("What is the capital of France?", "How do I reset my password?")));
        Assert.That(embedder.Calls, Is.EqualTo(2), "None for the same request.");
    }

    [Test]
    public async Task An_embedder_that_fails_leaves_the_near_duplicates()
    {
        services = services with { Embedder = new FakeEmbedder { Fails = true } };
        var rule = Rule(Semantic);
        await StoreAsync(rule, Question);

        Assert.That((await TryAsync(rule, Request(Question.Replace("France?", "France")))).Reply!.Status, Is.EqualTo("hit-near-duplicate"));
    }

    [TestCase("""{"ttlSeconds":1}""")]
    [TestCase("""{"ttlSeconds":2592000}""")]
    [TestCase("""{"ttlSeconds":60,"mode":"exact"}""")]
    [TestCase("""{"ttlSeconds":60,"mode":"semantic","similarityThreshold":0.5}""")]
    [TestCase("""{"ttlSeconds":60,"mode":"semantic","similarityThreshold":1}""")]
    public void A_sound_configuration_is_read(string config) =>
        Assert.That(CacheEnable.Type.Read(JsonNode.Parse(config), isText: false), Is.InstanceOf<ConfigReading.Sound>());

    [TestCase("{}", "ttlSeconds")]
    [TestCase("""{"ttlSeconds":0}""", "ttlSeconds")]
    [TestCase("""{"ttlSeconds":2592001}""", "ttlSeconds")]
    [TestCase("""{"ttlSeconds":"60"}""", "ttlSeconds")]
    [TestCase("""{"ttlSeconds":1.5}""", "ttlSeconds")]
    [TestCase("""{"ttlSeconds":60,"mode":"fuzzy"}""", "mode")]
    [TestCase("""{"ttlSeconds":60,"mode":1}""", "mode")]
    [TestCase("""{"ttlSeconds":60,"similarityThreshold":0.9}""", "similarityThreshold")]
    [TestCase("""{"ttlSeconds":60,"mode":"exact","similarityThreshold":0.9}""", "similarityThreshold")]
    [TestCase("""{"ttlSeconds":60,"mode":"semantic","similarityThreshold":0.499}""", "similarityThreshold")]
    [TestCase("""{"ttlSeconds":60,"mode":"semantic","similarityThreshold":1.001}""", "similarityThreshold")]
    [TestCase("""{"ttlSeconds":60,"maxBytes":1}""", "maxBytes")]
    public void An_unsound_configuration_names_its_field(string config, string field)
    {
        var reading = CacheEnable.Type.Read(JsonNode.Parse(config), isText: false);

        Assert.That(((ConfigReading.Unsound)reading).Mistakes[0].Field, Is.EqualTo(field));
    }

    [Test]
    public void A_configuration_in_text_is_read_too() => Assert.That(
        CacheEnable.Type.Read(JsonNode.Parse("""{"ttlSeconds":"60","mode":"semantic","similarityThreshold":"0.97"}"""), isText: true), Is.InstanceOf<ConfigReading.Sound>());

    private IProxyRule Rule(string config, string id = "rule_1") =>
        ((ConfigReading.Sound)CacheEnable.Type.Read(JsonNode.Parse(config), isText: false)).Make(id, new RuleServices { Time = time, Caching = services });

    private static Exchange Request(
        string body,
        string workspace = "ws_a",
        string key = "key_1",
        string model = "echo",
        string? cacheControl = null,
        bool isDryRun = false)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var index = new RequestIndex();
        Assert.That(index.TryRead(bytes, out var error), Is.True, error.Message);
        return new Exchange(index, bytes)
        {
            Workspace = workspace, KeyId = key, Tags = [], Settings = RuleSettings.Default, CacheControl = cacheControl, IsDryRun = isDryRun,
            Resolved = new ResolvedModel("demo", model, "echo-1", TokenEncoding.O200k, ContextWindow: null),
        };
    }

    private static ExchangeAnswer Answer(string body) => new()
    {
        Streamed = false, Body = Encoding.UTF8.GetBytes(body), IsComplete = true, FinishReason = "stop", InputTokens = 24, OutputTokens = 86, UpstreamModel = "echo-1",
    };

    private static async Task StoreAsync(IProxyRule rule, string body)
    {
        using var request = Request(body);
        await rule.OnRequestAsync(request, default);
        await rule.OnResponseAsync(request, Answer("Paris"), default);
    }

    // A request that ends when it has been asked.
    private static async Task<(StoredReply? Reply, CacheEffect? Effect)> TryAsync(IProxyRule rule, Exchange exchange)
    {
        using (exchange)
            return await AskAsync(rule, exchange);
    }

    private static async Task<(StoredReply? Reply, CacheEffect? Effect)> AskAsync(IProxyRule rule, Exchange exchange) => await rule.OnRequestAsync(exchange, default) switch
    {
        RuleOutcome.Answer answer => (answer.Reply, (CacheEffect?)answer.Effect),
        RuleOutcome.Proceed proceed => (null, (CacheEffect?)proceed.Effect),
        var other => throw new AssertionException(other.ToString()),
    };

    // Knows two meanings: passwords, and the rest.
    private sealed class FakeEmbedder : IEmbedder
    {
        private int calls;

        public string Model => "fake/e";

        public int Calls => calls;

        public bool Fails { get; init; }

        public ValueTask<float[]?> EmbedAsync(string text, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref calls);
            return ValueTask.FromResult(Fails ? null : text.Contains("password", StringComparison.Ordinal) ? (float[])[1, 0] : [0, 1]);
        }
    }
}
