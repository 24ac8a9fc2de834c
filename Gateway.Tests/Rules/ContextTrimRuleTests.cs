using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Rules;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

public class ContextTrimRuleTests
{
    private const string User = """{"role":"user","content":"x"}""";
    private const string Model = """{"role":"assistant","content":"x"}""";

    [TestCase("""{"maxMessages":1}""", null)]
    [TestCase("""{"maxMessages":10000}""", null)]
    [TestCase("""{"maxMessages":0}""", "must be from 1 to 10000.")]
    [TestCase("""{"maxMessages":10001}""", "must be from 1 to 10000.")]
    [TestCase("""{"maxMessages":-1}""", "must be from 1 to 10000.")]
    [TestCase("""{"maxMessages":1.5}""", "is not of the expected type, or not one of the known values.")]
    [TestCase("""{"maxMessages":"5"}""", "is not of the expected type, or not one of the known values.")]
    [TestCase("""{"maxMessages":5,"keepLast":2}""", "is not a known field.")]
    public void The_limit_is_a_number_of_messages_from_1_to_10000(string config, string? mistake)
    {
        var reading = ContextTrim.Type.Read(JsonNode.Parse(config), isText: false);

        Assert.That((reading as ConfigReading.Unsound)?.Mistakes[0].Message, Is.EqualTo(mistake));
    }

    [Test]
    public void Without_a_limit_there_is_no_rule() =>
        Assert.That(ContextTrim.Type.Read(JsonNode.Parse("{}"), isText: false), Is.InstanceOf<ConfigReading.Unsound>());

    [Test]
    public async Task The_body_is_trimmed_and_the_receipt_says_how()
    {
        using var exchange = ExchangeOf(User, Model, User, Model, User);

        var effect = await EffectAsync(exchange, maxMessages: 3);

        Assert.That(effect, Is.EqualTo("""{"maxMessages":3,"dropped":2,"kept":3}"""));
        Assert.That(Encoding.UTF8.GetString(exchange.Body.Span), Is.EqualTo($$"""{"model":"m","messages":[{{User}},{{Model}},{{User}}],"seed":7}"""));
        Assert.That(exchange.Index.MessageCount, Is.EqualTo(3));
    }

    [TestCase(5)]
    [TestCase(6)]
    public async Task A_conversation_within_the_limit_is_not_touched_and_not_spoken_of(int maxMessages)
    {
        using var exchange = ExchangeOf(User, Model, User, Model, User);
        var body = exchange.Body;

        var effect = await EffectAsync(exchange, maxMessages);

        Assert.That(effect, Is.Null);
        Assert.That(exchange.Body, Is.EqualTo(body));
    }

    [Test]
    public async Task System_messages_do_not_count()
    {
        using var exchange = ExchangeOf("""{"role":"system","content":"x"}""", User, Model);

        Assert.That(await EffectAsync(exchange, maxMessages: 2), Is.Null);
    }

    [Test]
    public async Task What_is_pinned_exceeds_the_limit_and_the_receipt_says_so()
    {
        using var exchange = ExchangeOf(User, Model, Model, Model);

        Assert.That(await EffectAsync(exchange, maxMessages: 2), Is.EqualTo("""{"maxMessages":2,"dropped":0,"kept":4,"overLimit":true}"""));
    }

    [Test]
    public async Task A_conversation_that_is_not_understood_goes_on_untouched_and_the_receipt_says_why()
    {
        using var exchange = ExchangeOf(User, Model, """{"role":"tool","tool_call_id":"a","content":"x"}""");
        var body = exchange.Body;

        Assert.That(await EffectAsync(exchange, maxMessages: 1), Is.EqualTo("""{"maxMessages":1,"skipped":"a tool result has no call"}"""));
        Assert.That(exchange.Body, Is.EqualTo(body));
    }

    [Test]
    public async Task Calls_that_were_never_answered_are_counted_as_orphans()
    {
        using var exchange = ExchangeOf(User, Model, User, """{"role":"assistant","tool_calls":[{"id":"a"}]}""", User);

        Assert.That(await EffectAsync(exchange, maxMessages: 3), Is.EqualTo("""{"maxMessages":3,"dropped":3,"kept":2,"orphans":1}"""));
    }

    [Test]
    public async Task A_body_without_messages_is_none_of_its_business()
    {
        var index = new RequestIndex { Kind = CallKind.Embedding };
        Assert.That(index.TryRead("""{"model":"m","input":["a","b","c"]}"""u8.ToArray(), out _));
        using var exchange = ExchangeOf(index);

        Assert.That(await EffectAsync(exchange, maxMessages: 1), Is.Null);
    }

    [Test]
    public async Task A_second_rule_trims_what_the_first_one_left()
    {
        using var exchange = ExchangeOf(User, Model, User, Model, User);

        await EffectAsync(exchange, maxMessages: 3);
        var effect = await EffectAsync(exchange, maxMessages: 1);

        Assert.That(effect, Is.EqualTo("""{"maxMessages":1,"dropped":2,"kept":1}"""));
        Assert.That(Encoding.UTF8.GetString(exchange.Body.Span), Is.EqualTo($$"""{"model":"m","messages":[{{User}}],"seed":7}"""));
    }

    private static Exchange ExchangeOf(params string[] messages)
    {
        var index = new RequestIndex();
        var isRead = index.TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{{string.Join(',', messages)}}],"seed":7}"""), out var error);
        Assert.That(isRead, error.Message);
        return ExchangeOf(index);
    }

    private static Exchange ExchangeOf(RequestIndex index) =>
        new(index, index.Body) { Workspace = "ws_default", KeyId = "key_1", Tags = [], Settings = RuleSettings.Default };

    private static async Task<string?> EffectAsync(Exchange exchange, int maxMessages)
    {
        var reading = (ConfigReading.Sound)ContextTrim.Type.Read(new JsonObject { ["maxMessages"] = maxMessages }, isText: false);
        var rule = new CompiledRule("rule_1", ContextTrim.Type.Name, ContextTrim.Type.Phase, reading.Make("rule_1", new RuleServices()));
        var chain = new RuleChain([rule], exchange, NullLogger.Instance);

        await chain.RunAsync(RulePhase.Attempts, CancellationToken.None);

        return chain.Effects is [var effect] ? Encoding.UTF8.GetString(effect.ToJson()) : null;
    }
}
