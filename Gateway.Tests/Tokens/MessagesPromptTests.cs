using System.Text;
using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

/// <summary>Prompt counts of Anthropic's bodies.</summary>
public class MessagesPromptTests
{
    private const string Model = "claude-sonnet-4-5";

    [Test]
    public void System_messages_and_tools_all_count_and_the_rest_does_not()
    {
        const string words = "one two three four five six seven eight";
        var bare = Count("""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""");

        var growth = new[]
        {
            $$$$"""{"system":"{{{{words}}}}","messages":[{"role":"user","content":"Hi"}]}""",
            $$$$"""{"system":[{"type":"text","text":"{{{{words}}}}","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Hi"}]}""",
            $$$$"""{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"{{{{words}}}}"}]}]}""",
            $$$$"""{"messages":[{"role":"user","content":"Hi"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_0123456789","content":[{"type":"text","text":"{{{{words}}}}"}]}]}]}""",
            $$$$"""{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_0123456789","name":"f","input":{"a":"{{{{words}}}}"}}]}]}""",
            $$$$"""{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"{{{{words}}}}"}}]}]}""",
        }.Select(body => Count(body) - bare).ToList();

        Assert.That(growth, Is.All.InRange(8, 16));
        Assert.That(Count("""{"metadata":{"user_id":"a b c d e f g h i j k l m n o p"},"messages":[{"role":"user","content":"Hi"}]}"""), Is.EqualTo(bare));
    }

    [Test]
    public void Tools_count_with_the_system_prompt_that_Anthropic_adds_for_them()
    {
        var bare = Count("""{"messages":[{"role":"user","content":"Hi"}]}""");
        var tools = Count("""{"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}]}""");

        Assert.That(tools - bare, Is.InRange(346, 400));
        Assert.That(Count("""{"messages":[{"role":"user","content":"Hi"}],"tools":[]}"""), Is.EqualTo(bare));
    }

    [Test]
    public void Images_count_by_what_they_cost_and_not_by_their_bytes()
    {
        var data = new string('A', 400_000);
        var image = Count($$$$"""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{{data}}}}"}}]}]}""");
        var pdf = Count($$$$"""{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"{{{{data}}}}"}}]}]}""");

        Assert.That(image, Is.InRange(4_000, 4_020));
        Assert.That(pdf, Is.InRange(20_000, 25_000));
    }

    [TestCase("""{}""")]
    [TestCase("""[]""")]
    [TestCase("""{"system":7,"messages":{"a":1},"tools":"x"}""")]
    [TestCase("""{"system":[1,null],"messages":[1,[],{"content":[[],{"source":[]},{"source":{"data":{}}},{"content":{"x":1}}]}],"tools":[1]}""")]
    public void Odd_bodies_count_something_and_nothing_is_exact(string body)
    {
        var prompt = MessagesPrompt.Count(Encoding.UTF8.GetBytes(body), Model);

        Assert.That(prompt.Tokens, Is.InRange(3, 5_000));
        Assert.That(prompt.Exact, Is.False);
    }

    private static long Count(string body) => MessagesPrompt.Count(Encoding.UTF8.GetBytes(body), Model).Tokens;
}
