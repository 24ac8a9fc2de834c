using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Compression;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Rules;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

[TestFixture]
public sealed class CompressTests
{
    private static readonly string Pretty = "[" + string.Join(" ,  ", Enumerable.Range(0, 400)) + "]";
    private static readonly Strength[] Strengths = [Strength.Light, Strength.Medium, Strength.Aggressive];

    [Test]
    public async Task Bytes_outside_of_the_texts_that_got_shorter_stay_as_they_are([ValueSource(nameof(Strengths))] Strength strength)
    {
        foreach (var messages in RecordedConversations.All)
        {
            var body = RecordedConversations.Request(messages, messages.Count);
            var (after, effect) = await RunAsync(body, new() { Strength = strength });

            Assert.That(Outside(after), Is.EqualTo(Outside(body)));
            Assert.That(effect.TokensSaved, Is.GreaterThan(0));
            Assert.That(LastUser(after), Is.EqualTo(LastUser(body)));
        }
    }

    [Test]
    public async Task What_two_turns_share_is_sent_the_same_way_in_both([ValueSource(nameof(Strengths))] Strength strength)
    {
        foreach (var messages in RecordedConversations.All.Take(6))
        {
            JsonArray? earlier = null;
            for (var turn = 2; turn <= messages.Count; turn += 2)
            {
                var (after, _) = await RunAsync(RecordedConversations.Request(messages, turn), new() { Strength = strength });
                var later = JsonNode.Parse(after)!["messages"]!.AsArray();
                if (earlier is not null) Assert.That(later.Take(earlier.Count).Select(static m => m!.ToJsonString()), Is.EqualTo(earlier.Select(static m => m!.ToJsonString())));
                earlier = later;
            }
        }
    }

    [Test]
    public async Task The_effect_counts_exactly_what_was_saved_and_names_the_hashes()
    {
        var body = Chat(Tool(Pretty), Tool(Pretty), Tool("short"));

        var (after, effect) = await RunAsync(body, new());

        var counter = TokenCounter.For(TokenEncoding.O200k);
        var minified = Pretty.Replace(" ", "", StringComparison.Ordinal);
        Assert.That(Encoding.UTF8.GetString(after), Is.EqualTo(Encoding.UTF8.GetString(Chat(Tool(minified), Tool(minified), Tool("short")))));
        Assert.That(effect.TokensBefore, Is.EqualTo(2 * counter.Count(Encoding.UTF8.GetBytes(Pretty))));
        Assert.That(effect.TokensSaved, Is.EqualTo(effect.TokensBefore - (2 * counter.Count(Encoding.UTF8.GetBytes(minified)))));
        Assert.That((effect.Version, effect.Strength, effect.Arm, effect.Blocks, effect.Skipped), Is.EqualTo((1, Strength.Medium, Arm.None, 2, (string?)null)));
        Assert.That(effect.Hashes![0].Before, Is.EqualTo(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(Pretty)))));
        Assert.That(effect.Hashes![0].After, Is.EqualTo(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(minified)))));
    }

    [TestCase(32, 32)]
    [TestCase(33, 32)]
    public async Task At_most_thirty_two_hashes_are_listed(int blocks, int hashes)
    {
        var (_, effect) = await RunAsync(Chat([.. Enumerable.Range(0, blocks).Select(static i => Tool($"[{i},  {Pretty[1..]}"))]), new());

        Assert.That((effect.Blocks, effect.Hashes!.Count), Is.EqualTo((blocks, hashes)));
    }

    [Test]
    public async Task Escapes_are_read_and_only_the_needed_ones_written()
    {
        var text = "\u001b[1mé \"quoted\" 😀 \\ \u0001\t\u001b[0m   \r\n" + string.Concat(Enumerable.Repeat("\u001b[32mok\u001b[0m line of a tool\n", 40));
        var body = Encoding.UTF8.GetBytes($$"""{"model":"gpt-4o","messages":[{"role":"tool","content":{{JsonSerializer.Serialize(text)}}}]}""");

        var (after, _) = await RunAsync(body, new() { Strength = Strength.Light });

        Assert.That(Encoding.UTF8.GetString(after), Does.StartWith("""{"model":"gpt-4o","messages":[{"role":"tool","content":"é \"quoted\" 😀 \\ \u0001\t\nok line of a tool\n"""));
    }

    [Test]
    public async Task The_kill_switch_goes_before_everything()
    {
        var settings = new RuleSettings { CompressionEnabled = false, DefaultStrength = Strength.Light, TagStrengths = Tags(("a", Strength.Aggressive)) };

        var (after, effect) = await RunAsync(Chat(Tool(Pretty)), new() { Strength = Strength.Aggressive }, settings, ["a"]);

        Assert.That(after, Is.EqualTo(Chat(Tool(Pretty))));
        Assert.That(effect.Skipped, Is.EqualTo("compression is off in the workspace"));
    }

    [TestCase(null, Strength.Off, null, Strength.Medium)]
    [TestCase(null, Strength.Light, null, Strength.Light)]
    [TestCase(Strength.Aggressive, Strength.Light, null, Strength.Aggressive)]
    [TestCase(Strength.Light, Strength.Off, Strength.Aggressive, Strength.Aggressive)]
    [TestCase(Strength.Off, Strength.Medium, null, Strength.Off)]
    [TestCase(Strength.Medium, Strength.Medium, Strength.Off, Strength.Off)]
    public async Task The_tag_speaks_before_the_rule_and_the_rule_before_the_workspace(Strength? rule, Strength workspace, Strength? tag, Strength expected)
    {
        var settings = new RuleSettings { DefaultStrength = workspace, TagStrengths = tag is { } strength ? Tags(("a", strength)) : Tags() };

        var (_, effect) = await RunAsync(Chat(Tool(Pretty)), new() { Strength = rule }, settings, ["a"]);

        Assert.That(effect.Strength, Is.EqualTo(expected));
        Assert.That(effect.Skipped, Is.EqualTo(expected == Strength.Off ? "strength is off" : null));
    }

    [Test]
    public async Task Of_several_tags_the_mildest_holds()
    {
        var settings = new RuleSettings { TagStrengths = Tags(("a", Strength.Aggressive), ("b", Strength.Light), ("c", Strength.Medium)) };

        var (_, effect) = await RunAsync(Chat(Tool(Pretty)), new() { Strength = Strength.Aggressive }, settings, ["a", "b", "c"]);

        Assert.That(effect.Strength, Is.EqualTo(Strength.Light));
    }

    [TestCase(Strength.Off, Arm.Control, "held out")]
    [TestCase(Strength.Off, Arm.Paused, "paused")]
    public async Task The_advisor_can_hold_a_conversation_out(Strength strength, Arm arm, string reason)
    {
        var (after, effect) = await RunAsync(Chat(Tool(Pretty)), new(), advisor: new Advisor(new(strength, arm)));

        Assert.That(after, Is.EqualTo(Chat(Tool(Pretty))));
        Assert.That((effect.Strength, effect.Arm, effect.Skipped), Is.EqualTo((Strength.Off, arm, reason)));
    }

    [Test]
    public async Task The_advisor_makes_it_milder_and_never_stronger()
    {
        var (_, milder) = await RunAsync(Chat(Tool(Pretty)), new(), advisor: new Advisor(new(Strength.Light, Arm.Treated)));
        var (_, stronger) = await RunAsync(Chat(Tool(Pretty)), new(), advisor: new Advisor(new(Strength.Aggressive, Arm.Treated)));

        Assert.That((milder.Strength, milder.Arm), Is.EqualTo((Strength.Light, Arm.Treated)));
        Assert.That(stronger.Strength, Is.EqualTo(Strength.Medium));
    }

    [Test]
    public async Task The_advisor_is_not_asked_where_nothing_could_change_or_a_tag_has_spoken()
    {
        var advisor = new Advisor(new(Strength.Light, Arm.Treated));

        await RunAsync(Chat(Tool("short")), new(), advisor: advisor);
        await RunAsync(Chat(Tool(Pretty)), new(), new RuleSettings { TagStrengths = Tags(("a", Strength.Light)) }, ["a"], advisor);

        Assert.That(advisor.Asked, Is.Empty);
    }

    [Test]
    public async Task The_unit_of_a_conversation_is_the_best_id_there_is_and_never_the_last_message()
    {
        var advisor = new Advisor(new(Strength.Light, Arm.Treated));
        await RunAsync(Chat(SystemText("s"), Tool(Pretty), User("one")), new(), advisor: advisor, conversation: "c-1");
        await RunAsync(Chat(SystemText("s"), Tool(Pretty), User("two")), new(), advisor: advisor, conversation: "c-1");
        await RunAsync(Chat("\"user\":\"u-1\"", SystemText("s"), Tool(Pretty)), new(), advisor: advisor);
        await RunAsync(Chat("\"metadata\":{\"user_id\":\"u-1\"}", SystemText("t"), Tool(Pretty)), new(), advisor: advisor);
        await RunAsync(Chat(SystemText("s"), Tool(Pretty), User("one")), new(), advisor: advisor);
        await RunAsync(Chat(SystemText("s"), Tool(Pretty + " "), User("two")), new(), advisor: advisor);
        await RunAsync(Chat(SystemText("other"), Tool(Pretty)), new(), advisor: advisor);

        var units = advisor.Asked.Select(static subject => subject.Unit).ToArray();
        Assert.That(units.Select(static unit => unit.Kind), Is.EqualTo(
            new[] { UnitKind.Conversation, UnitKind.Conversation, UnitKind.EndUser, UnitKind.EndUser, UnitKind.Slot, UnitKind.Slot, UnitKind.Slot }));
        Assert.That(units[0], Is.EqualTo(units[1]));
        Assert.That(units[2], Is.EqualTo(units[3]));
        Assert.That(units[4], Is.EqualTo(units[5]));
        Assert.That(units[6], Is.Not.EqualTo(units[5]));
        Assert.That(advisor.Asked[0], Is.EqualTo(new CompressSubject("w", "rule-1", "", units[0], Strength.Medium)));
    }

    [Test]
    public async Task The_subject_names_the_tag_that_matched()
    {
        var advisor = new Advisor(new(Strength.Light, Arm.Treated));

        await RunAsync(Chat(Tool(Pretty)), new() { Tags = ["x", "b"] }, tags: ["a", "b"], advisor: advisor);

        Assert.That(advisor.Asked[0].Tag, Is.EqualTo("b"));
    }

    [Test]
    public async Task A_second_rule_steps_aside_even_where_the_first_held_out()
    {
        using var exchange = Exchange(Chat(Tool(Pretty)));
        var first = await EffectAsync(new Compress("rule-1", new(), new Advisor(new(Strength.Off, Arm.Control))), exchange);

        var second = await EffectAsync(new Compress("rule-2", new(), FullStrength.Instance), exchange);

        Assert.That((first.Skipped, second.Skipped), Is.EqualTo(("held out", "already compressed")));
    }

    [Test]
    public async Task A_rule_that_is_off_leaves_the_request_to_the_next()
    {
        using var exchange = Exchange(Chat(Tool(Pretty)));
        await EffectAsync(new Compress("rule-1", new() { Strength = Strength.Off }, FullStrength.Instance), exchange);

        var second = await EffectAsync(new Compress("rule-2", new(), FullStrength.Instance), exchange);

        Assert.That(second.Blocks, Is.EqualTo(1));
    }

    [Test]
    public async Task A_system_prompt_stays_where_its_prefix_would_fall_below_what_the_provider_caches()
    {
        var words = string.Join(' ', Enumerable.Repeat("Answer kindly and shortly.", 200));
        var prompt = Fit(words, tokens: 1_030) + string.Concat(Enumerable.Repeat("\u200B", 60));

        var (after, effect) = await RunAsync(Chat(SystemText(prompt), Tool(Pretty)), new() { Strength = Strength.Light });
        var (longer, whole) = await RunAsync(Chat(SystemText(words + words + prompt), Tool(Pretty)), new() { Strength = Strength.Light });

        Assert.That(Message(after, 0), Is.EqualTo(prompt));
        Assert.That(Message(after, 1), Is.EqualTo(Pretty.Replace(" ", "", StringComparison.Ordinal)));
        Assert.That(effect.Skipped, Does.StartWith("system prompt"));
        Assert.That(Message(longer, 0), Does.Not.Contain("\u200B"));
        Assert.That(whole.Skipped, Is.Null);
    }

    [TestCase("gpt-4o", 1_024)]
    [TestCase("unheard-of", 1_024)]
    [TestCase("claude-sonnet-4-5", 1_024)]
    [TestCase("anthropic.claude-3-haiku-20240307-v1:0", 2_048)]
    [TestCase("claude-haiku-4-5", 4_096)]
    [TestCase("claude-opus-4-5-20251101", 4_096)]
    public void Each_model_has_its_cache_minimum(string model, int minimum)
    {
        Assert.That(CacheMinimum.For(model), Is.EqualTo(minimum));
        Assert.That(CacheMinimum.Falls(model, minimum, minimum - 1), Is.True);
        Assert.That(CacheMinimum.Falls(model, minimum + 1, minimum), Is.False);
        Assert.That(CacheMinimum.Falls(model, minimum / 2, minimum / 3), Is.False);
    }

    [Test]
    public async Task Fifty_megabytes_of_tool_output_take_bounded_time_and_only_the_first_eight_are_looked_at()
    {
        var megabyte = "[" + string.Join(" ,  ", Enumerable.Range(0, 110_000)) + "]";
        var body = Chat([.. Enumerable.Range(0, 50).Select(_ => Tool(megabyte))]);
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var (after, effect) = await RunAsync(body, new() { Strength = Strength.Aggressive });

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
        Assert.That(effect.Blocks, Is.EqualTo(RequestCompressor.MostRequestBytes / (megabyte.Length + 2)));
        Assert.That(effect.Skipped, Is.EqualTo("text beyond 8 MB"));
        Assert.That(Outside(after), Is.EqualTo(Outside(body)));
    }

    [Test]
    public async Task The_responses_format_is_compressed_too()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"gpt-4o","input":[{"type":"function_call_output","call_id":"c","output":"{{Pretty}}"},{"role":"user","content":"{{Pretty}}"}]}""");

        var (after, effect) = await RunAsync(body, new(), requiresMessages: false);

        Assert.That(effect.Blocks, Is.EqualTo(1));
        Assert.That((string)JsonNode.Parse(after)!["input"]![0]!["output"]!, Is.EqualTo(Pretty.Replace(" ", "", StringComparison.Ordinal)));
        Assert.That((string)JsonNode.Parse(after)!["input"]![1]!["content"]!, Is.EqualTo(Pretty));
    }

    [Test]
    public async Task The_receipt_names_strength_and_arm_in_words()
    {
        var (_, effect) = await RunAsync(Chat(Tool(Pretty)), new(), advisor: new Advisor(new(Strength.Light, Arm.Treated)));

        var json = JsonNode.Parse(new RuleEffect("rule-1", "compress", effect).ToJson())!;

        Assert.That(((string)json["strength"]!, (string)json["arm"]!, (int)json["version"]!), Is.EqualTo(("light", "treated", 1)));
        Assert.That(json.AsObject().ContainsKey("skipped"), Is.False);
    }

    [TestCase("""{}""", true)]
    [TestCase("""{"strength":"off","profile":1,"tags":["a"]}""", true)]
    [TestCase("""{"strength":"strong"}""", false)]
    [TestCase("""{"strength":1}""", false)]
    [TestCase("""{"profile":0}""", false)]
    [TestCase("""{"profile":2}""", false)]
    [TestCase("""{"tags":[""]}""", false)]
    [TestCase("""{"tags":[null]}""", false)]
    [TestCase("""{"ratio":1}""", false)]
    public void A_configuration_is_read_whole_or_refused(string config, bool isSound) =>
        Assert.That(Compress.Type.Read(JsonNode.Parse(config), isText: false) is ConfigReading.Sound, Is.EqualTo(isSound));

    [TestCase(32, 64, true)]
    [TestCase(33, 64, false)]
    [TestCase(32, 65, false)]
    public void Tags_have_limits(int count, int length, bool isSound)
    {
        var config = new JsonObject { ["tags"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)new string((char)('a' + (i % 26)), length))]) };

        Assert.That(Compress.Type.Read(config, isText: false) is ConfigReading.Sound, Is.EqualTo(isSound));
    }

    private static async Task<(byte[] Body, CompressEffect Effect)> RunAsync(
        byte[] body,
        CompressConfig config,
        RuleSettings? settings = null,
        string[]? tags = null,
        IStrengthAdvisor? advisor = null,
        string? conversation = null,
        bool requiresMessages = true)
    {
        using var exchange = Exchange(body, settings, tags, conversation, requiresMessages);
        var effect = await EffectAsync(new Compress("rule-1", config, advisor ?? FullStrength.Instance), exchange);
        return (exchange.Body.ToArray(), effect);
    }

    private static Exchange Exchange(byte[] body, RuleSettings? settings = null, string[]? tags = null, string? conversation = null, bool requiresMessages = true)
    {
        var index = new RequestIndex { Kind = requiresMessages ? CallKind.Chat : CallKind.Responses };
        Assert.That(index.TryRead(body, out var error), Is.True, error.Message);
        return new Exchange(index, body) { Workspace = "w", KeyId = "k", Tags = tags ?? [], Settings = settings ?? RuleSettings.Default, Conversation = conversation };
    }

    private static async Task<CompressEffect> EffectAsync(Compress rule, Exchange exchange)
    {
        var outcome = await rule.OnRequestAsync(exchange, CancellationToken.None);
        return (CompressEffect)((RuleOutcome.Proceed)outcome).Effect!;
    }

    // The body with the texts that may be edited cut out.
    private static string Outside(byte[] body)
    {
        var left = new StringBuilder();
        var at = 0;
        foreach (var text in EditableTexts.Read(body))
        {
            left.Append(Encoding.UTF8.GetString(body.AsSpan(at, text.Value.Offset - at))).Append('@');
            at = text.Value.End;
        }

        return left.Append(Encoding.UTF8.GetString(body.AsSpan(at))).ToString();
    }

    private static string LastUser(byte[] body) => JsonNode.Parse(body)!["messages"]!.AsArray().Last(static message => (string?)message!["role"] == "user")!.ToJsonString();

    private static string Message(byte[] body, int index) => (string)JsonNode.Parse(body)!["messages"]![index]!["content"]!;

    private static string Fit(string words, int tokens)
    {
        var counter = TokenCounter.For(TokenEncoding.O200k);
        var length = words.Length;
        while (counter.Count(Encoding.UTF8.GetBytes(words[..length])) + ChatTokens.PerMessage + 20 > tokens) length--;
        return words[..length];
    }

    private static string SystemText(string text) => $$"""{"role":"system","content":{{JsonSerializer.Serialize(text)}}}""";

    private static string Tool(string text) => $$"""{"role":"tool","tool_call_id":"c","content":{{JsonSerializer.Serialize(text)}}}""";

    private static string User(string text) => $$"""{"role":"user","content":{{JsonSerializer.Serialize(text)}}}""";

    private static byte[] Chat(params string[] messages)
    {
        var first = messages[0].StartsWith('"') ? messages[0] + "," : "";
        return Encoding.UTF8.GetBytes($$"""{"model":"gpt-4o",{{first}}"messages":[{{string.Join(',', messages.Skip(first.Length > 0 ? 1 : 0))}}]}""");
    }

    private static FrozenDictionary<string, Strength> Tags(params (string Tag, Strength Strength)[] tags) => tags.ToFrozenDictionary(static pair => pair.Tag, static pair => pair.Strength);

    private sealed class Advisor(StrengthAdvice advice) : IStrengthAdvisor
    {
        public List<CompressSubject> Asked { get; } = [];

        public StrengthAdvice Advise(in CompressSubject subject)
        {
            Asked.Add(subject);
            return advice;
        }
    }
}
