using System.Text;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

[TestFixture]
public sealed class PromptCountTests
{
    private const string Model = "gpt-4o";

    [Test]
    public void Chat_is_counted_as_before()
    {
        const string messages = """[{"role":"user","content":"Hello, World!"}]""";

        Assert.That(Count("/v1/chat/completions", $"\"messages\":{messages}"), Is.EqualTo(ChatTokens.CountPrompt(Encoding.UTF8.GetBytes(messages), default, Model)));
    }

    [TestCase("/v1/completions", "\"prompt\":\"Hello, World!\"", 4)]
    [TestCase("/v1/completions", "\"x\":1", 0)]
    [TestCase("/v1/completions", "\"prompt\":[\"Hello, World!\",\"Hello, World!\"]", 8)]
    [TestCase("/v1/completions", "\"prompt\":[9906,11,4435]", 3)]
    [TestCase("/v1/embeddings", "\"input\":\"Hello, World!\"", 4)]
    [TestCase("/v1/embeddings", "\"input\":[[1,2],[3],[]]", 3)]
    [TestCase("/v1/embeddings", "\"input\":[\"Hello\\u002c World!\"]", 4)]
    [TestCase("/v1/images/generations", "\"prompt\":\"Hello, World!\"", 4)]
    [TestCase("/v1/audio/speech", "\"input\":\"Hello, World!\",\"instructions\":\"Hello, World!\"", 8)]
    [TestCase("/v1/moderations", "\"input\":[\"Hello, World!\"]", 4)]
    [TestCase("/v1/moderations", "\"input\":[{\"type\":\"text\",\"text\":\"Hello, World!\"}]", 4)]
    public void Prompts_without_roles_cost_their_text(string path, string members, long tokens) =>
        Assert.That(Count(path, members), Is.EqualTo(new PromptTokens(tokens, Exact: true)));

    [Test]
    public void The_input_of_a_response_costs_what_the_same_messages_cost_in_chat()
    {
        var chat = Count("/v1/chat/completions", """ "messages":[{"role":"developer","content":"be brief"},{"role":"user","content":"Hello, World!"}] """);

        Assert.That(Count("/v1/responses", """ "instructions":"be brief","input":"Hello, World!" """), Is.EqualTo(chat));
        Assert.That(Count("/v1/responses", """ "input":[{"role":"developer","content":"be brief"},{"type":"message","role":"user","content":[{"type":"input_text","text":"Hello, World!"}]}] """), Is.EqualTo(chat));
    }

    [Test]
    public void A_function_costs_the_same_in_both_forms()
    {
        const string function = "\"name\":\"look_up\",\"description\":\"Finds an order.\",\"parameters\":"
            + "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\",\"description\":\"Its number.\"}}}";
        const string chat = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":[{\"type\":\"function\",\"function\":{" + function + "}}]";
        const string response = "\"input\":\"hi\",\"tools\":[{\"type\":\"function\"," + function + ",\"strict\":true}]";

        Assert.That(Count("/v1/responses", response), Is.EqualTo(Count("/v1/chat/completions", chat)));
    }

    [Test]
    public void Calls_and_their_results_are_counted_and_their_ids_are_not()
    {
        var plain = Count("/v1/responses", """ "input":[{"type":"function_call","name":"f","arguments":"{}","call_id":"c"},{"type":"function_call_output","call_id":"c","output":"Hello, World!"}] """);
        var longIds = Count("/v1/responses", """
            "input":[{"type":"function_call","name":"f","arguments":"{}","call_id":"call_0123456789abcdefghijklmnop","id":"fc_1","status":"completed"},
            {"type":"function_call_output","call_id":"call_0123456789abcdefghijklmnop","output":"Hello, World!"}]
            """);

        Assert.That(plain, Is.EqualTo(new PromptTokens(3 + 1 + 1 + 3 + 4 + 3, Exact: true)));
        Assert.That(longIds, Is.EqualTo(plain));
    }

    [Test]
    public void An_image_is_reserved_and_its_bytes_are_not_counted()
    {
        var data = new string('A', 200_000);

        var high = Count("/v1/responses", $$""" "input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,{{data}}"}]}] """);
        var low = Count("/v1/responses", $$""" "input":[{"role":"user","content":[{"type":"input_image","detail":"low","image_url":"data:image/png;base64,{{data}}"}]}] """);
        var made = Count("/v1/responses", $$""" "input":[{"type":"image_generation_call","id":"ig_1","status":"completed","result":"{{data}}"}] """);

        Assert.That(high, Is.EqualTo(new PromptTokens(3 + 1 + 85 + (170 * 8) + 3, Exact: false)));
        Assert.That(low.Tokens, Is.EqualTo(3 + 1 + 85 + 3));
        Assert.That(made.Tokens, Is.EqualTo(3 + 85 + (170 * 8) + 3));
    }

    [TestCase(""" "input":"hi","previous_response_id":"resp_1" """)]
    [TestCase(""" "previous_response_id":"resp_1" """)]
    [TestCase(""" "input":"hi","prompt":{"id":"pmpt_1"} """)]
    [TestCase(""" "input":[{"type":"item_reference","id":"msg_1"}] """)]
    [TestCase(""" "input":[{"role":"user","content":[{"type":"input_file","file_id":"file_1"}]}] """)]
    [TestCase(""" "input":"hi","tools":[{"type":"web_search"}] """)]
    [TestCase(""" "input":"hi","tools":[{"type":"function","name":"f"},{"type":"mcp","server_url":"https://example.com"}] """)]
    public void A_prompt_that_only_the_provider_sees_whole_is_open_ended(string members)
    {
        var prompt = Count("/v1/responses", members);

        Assert.That((prompt.IsOpenEnded, prompt.Exact), Is.EqualTo((true, false)));
    }

    [TestCase(""" "input":"hi","tools":[{"type":"function","name":"f","parameters":{}},{"type":"custom","name":"c"}] """)]
    [TestCase(""" "input":[{"role":"user","content":"hi"}],"previous_response_id":null,"prompt":null """)]
    public void A_prompt_that_is_all_in_the_request_is_not(string members) => Assert.That(Count("/v1/responses", members).IsOpenEnded, Is.False);

    [Test]
    public void A_messages_request_is_counted_as_anthropic_counts_it()
    {
        const string members = """ "system":"Hello, World!","messages":[{"role":"user","content":"hi"}] """;

        Assert.That(Count("/v1/messages", members), Is.EqualTo(MessagesPrompt.Count(Encoding.UTF8.GetBytes($$"""{"model":"m",{{members}}}"""), Model)));
    }

    [TestCase("/v1/responses", """ "input":[{},{"content":5},{"content":[7,"a",{},{"type":1},{"type":"input_audio"}]},{"output":{"x":[1]}},{"summary":null}],"tools":[1,{},{"type":5}] """)]
    [TestCase("/v1/moderations", """ "input":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}},{}] """)]
    [TestCase("/v1/messages", """ "system":[{"type":"text","text":"a"},{}],"messages":[{"content":[{"type":"text"}]}] """)]
    public void Odd_prompts_are_counted_and_do_not_throw(string path, string members) => Assert.That(Count(path, members).Tokens, Is.GreaterThan(0));

    private static PromptTokens Count(string path, string members)
    {
        var (index, body) = Read(path, members);
        return PromptCount.Of(index, body, Model);
    }

    private static (RequestIndex Index, byte[] Body) Read(string path, string members)
    {
        var index = new RequestIndex { Kind = CallKind.All.Single(kind => string.Equals(kind.Path, path, StringComparison.Ordinal)) };
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m",{{members}}}""");
        Assert.That(index.TryRead(body, out var error), error.Message);
        return (index, body);
    }
}
