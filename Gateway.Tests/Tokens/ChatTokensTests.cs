using System.Text;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

[TestFixture]
public sealed class ChatTokensTests
{
    private const string Model = "gpt-4o";

    private static PromptTokens Count(string messages, string tools = "") =>
        ChatTokens.CountPrompt(Encoding.UTF8.GetBytes(messages), Encoding.UTF8.GetBytes(tools), Model);

    private static int Text(string text) => TokenCounter.For(TokenEncoding.O200k).Count(Encoding.UTF8.GetBytes(text));

    [Test]
    public void A_message_costs_three_and_its_role_and_content_and_the_reply_three() =>
        Assert.That(Count("""[{"role":"user","content":"Hello, World!"}]"""), Is.EqualTo(new PromptTokens(3 + 1 + 4 + 3, Exact: true)));

    /// <remarks>The example and its 124 tokens (gpt-4o): https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken</remarks>
    [Test]
    public void The_cookbooks_example_has_the_tokens_that_the_provider_billed()
    {
        const string messages = """
            [{"role":"system","content":"You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
            {"role":"system","name":"example_user","content":"New synergies will help drive top-line growth."},
            {"role":"system","name":"example_assistant","content":"Things working well together will increase revenue."},
            {"role":"system","name":"example_user","content":"Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
            {"role":"system","name":"example_assistant","content":"Let's talk later when we're less busy about how to do better."},
            {"role":"user","content":"This late pivot means we don't have time to boil the ocean for the client deliverable."}]
            """;

        Assert.That(Count(messages), Is.EqualTo(new PromptTokens(124, Exact: true)));
    }

    [Test]
    public void A_name_costs_one_more() =>
        Assert.That(Count("""[{"name":"bob"}]""").Tokens, Is.EqualTo(3 + 1 + Text("bob") + 3));

    [TestCase("""[{"content":"a\nb \"q\" \u00e9\ud83d\ude00\/ \\ \t"}]""", "a\nb \"q\" é😀/ \\ \t")]
    [TestCase("""[{"content":"x\ud83dy"}]""", "x\ufffdy")]
    [TestCase("""[{"content":"x\ude00\u0041"}]""", "x\ufffdA")]
    public void Escapes_count_as_the_text_they_stand_for(string messages, string text) =>
        Assert.That(Count(messages).Tokens, Is.EqualTo(3 + Text(text) + 3));

    [TestCase("""[]""", 3)]
    [TestCase("""[{}]""", 6)]
    [TestCase("""[{"role":"assistant","content":null}]""", 7)]
    [TestCase("", 3)]
    [TestCase("null", 3)]
    public void Messages_without_text_cost_their_overhead(string messages, long tokens) => Assert.That(Count(messages).Tokens, Is.EqualTo(tokens));

    [TestCase("""{"role":"user"}""")]
    [TestCase("""["text",1,null,[["a"]],{"role":{"a":[1]},"content":{"x":"y"},"tool_calls":"z","name":null}]""")]
    [TestCase("""[{"content":["a",1,{"type":"video","video":{"u":"v"}},{"type":"image_url"},{"type":"image_url","image_url":"u"},{"text":null}]}]""")]
    [TestCase("""[{"tool_calls":[1,"a",{},{"function":"x"},{"function":{"name":1,"arguments":{"a":1}}},{"custom":{"input":"text"}}]}]""")]
    [TestCase("7")]
    public void Odd_messages_are_counted_and_do_not_throw(string messages) => Assert.That(Count(messages).Tokens, Is.GreaterThan(3));

    [TestCase("[1,null,{},{\"type\":\"function\"},{\"function\":{}},{\"function\":7},{\"function\":{\"name\":1,\"parameters\":true}}]")]
    [TestCase("[{\"function\":{\"parameters\":{\"type\":[\"object\",\"null\"],\"properties\":{\"a\":true,\"b\":{\"enum\":[1,null,\"x\"],\"anyOf\":[{},1]}},\"items\":[]}}}]")]
    [TestCase("{\"a\":1}")]
    public void Odd_tools_are_counted_and_do_not_throw(string tools) => Assert.That(Count("[]", tools).Tokens, Is.GreaterThan(3));

    [Test]
    public void Nesting_beyond_the_readers_default_depth_does_not_throw()
    {
        var deep = new string('[', 2_000) + new string(']', 2_000);
        var schema = string.Concat(Enumerable.Repeat("""{"items":""", 500)) + "{}" + new string('}', 500);

        Assert.That(Count($$"""[{"content":[{{deep}}],"x":{{deep}}}]""").Tokens, Is.GreaterThan(100));
        Assert.That(Count("[]", $$$"""[{"function":{"name":"f","parameters":{{{schema}}}}}]""").Tokens, Is.GreaterThan(100));
    }

    [TestCase("auto", 1_445)]
    [TestCase("low", 85)]
    public void An_image_reserves_the_most_it_can_cost_whatever_its_bytes(string detail, int tokens)
    {
        var url = "data:image/png;base64," + new string('A', 2_000_000);
        var messages = $$$"""[{"content":[{"type":"image_url","image_url":{"url":"{{{url}}}","detail":"{{{detail}}}"}}]}]""";

        Assert.That(Count(messages), Is.EqualTo(new PromptTokens(3 + tokens + 3, Exact: false)));
    }

    [Test]
    public void Text_parts_count_as_text() =>
        Assert.That(Count("""[{"content":[{"type":"text","text":"Hello"},{"type":"text","text":" there"}]}]""").Tokens, Is.EqualTo(3 + 2 + 3));

    [Test]
    public void Tool_calls_cost_their_name_and_arguments_and_the_frame()
    {
        const string call = """{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\"}"}}""";
        var one = 8 + Text("get_weather") + Text("""{"city":"Paris"}""");

        Assert.That(Count($$"""[{"tool_calls":[{{call}}]}]""").Tokens, Is.EqualTo(3 + one + 3));
        Assert.That(Count($$"""[{"tool_calls":[{{call}},{{call}}]}]""").Tokens, Is.EqualTo(3 + (2 * one) + 24 + 3));
    }

    [Test]
    public void A_tool_costs_its_lines_and_the_measured_overheads()
    {
        const string tools = """
            [{"type":"function","function":{"description":"Gets the weather.","name":"get_weather","parameters":{"type":"object","required":["city"],
            "properties":{"city":{"type":"string","description":"A city."},"unit":{"type":"string","enum":["C","F"]}}}}}]
            """;
        var lines = Text("get_weather:Gets the weather") + Text("city:string:A city") + Text("unit:string:");

        Assert.That(Count("[]", tools).Tokens, Is.EqualTo(3 + 10 + 7 + 4 + 2 + 2 + lines - 3 + (2 * (2 + 1))));
    }

    [Test]
    public void Text_beyond_a_megabyte_is_estimated_with_a_margin()
    {
        var text = string.Concat(Enumerable.Repeat("The reservation cannot be changed. ", 60_000));
        var exact = Text(text);

        var prompt = Count($$"""[{"content":"{{text}}"}]""");

        Assert.That(prompt.Exact, Is.False);
        Assert.That(prompt.Tokens, Is.InRange(exact, exact * 2L));
    }

    [TestCase("gpt-4o", 1_041)]
    [TestCase("claude-opus-4", 1_275)]
    [TestCase("mistral-large", 1_122)]
    public void A_reserve_is_rounded_up_with_the_models_factor(string model, long reserve) =>
        Assert.That(ChatTokens.Reserve(new PromptTokens(1_000, Exact: true), model), Is.EqualTo(reserve));

    [Test]
    public void Counting_a_prompt_allocates_nothing()
    {
        var messages = """[{"role":"user","content":"line\nline \u00e9"},{"role":"assistant","content":[{"type":"text","text":"a\tb"}]}]"""u8;
        var tools = """[{"type":"function","function":{"name":"f","description":"d","parameters":{"properties":{"a":{"type":"string"}}}}}]"""u8;
        ChatTokens.CountPrompt(messages, tools, Model);
        var before = GC.GetAllocatedBytesForCurrentThread();

        ChatTokens.CountPrompt(messages, tools, Model);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
