using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class ChatAnswerTests
{
    [Test]
    public void An_answer_is_read()
    {
        var answer = Read("""
            {"model":"m\/1","choices":[{"message":{"content":"h\u0069","reasoning_content":"why","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},
            "finish_reason":"error"},{"message":{"content":"two"}}],
            "usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},
            "completion_tokens_details":{"reasoning_tokens":3}}}
            """);
        using var text = new PooledBuffer();
        answer.AppendOutputText(text);

        Assert.That(answer.Tokens, Is.EqualTo(new UsageTokens(10, 4, 2, 5, 3)));
        Assert.That(answer.Tokens.IsSound && answer.HasUsage && answer.HasOutput && answer.HasFinishReason && answer.FinishedWithError && !answer.HasError);
        Assert.That(answer.ReportedModel, Is.EqualTo("m/1"));
        Assert.That(Encoding.UTF8.GetString(answer.FirstContent.Of(answer.Body.Span)), Is.EqualTo("\"h\\u0069\""));
        Assert.That(Encoding.UTF8.GetString(text.WrittenSpan), Is.EqualTo("hiwhyf{}two"));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("{")]
    [TestCase("{}{}")]
    [TestCase("<html>")]
    public void What_is_no_object_is_not_read(string body) => Assert.That(new AnswerReader().TryRead(Encoding.UTF8.GetBytes(body)), Is.False);

    [TestCase("""{"content":"x"}""", true)]
    [TestCase("""{"content":""}""", false)]
    [TestCase("""{"content":null}""", false)]
    [TestCase("""{"content":[]}""", false)]
    [TestCase("""{"content":[{"type":"text","text":"x"}]}""", true)]
    [TestCase("""{"reasoning":"x"}""", true)]
    [TestCase("""{"refusal":"x"}""", true)]
    [TestCase("""{"tool_calls":[]}""", false)]
    [TestCase("""{"tool_calls":[{}]}""", true)]
    [TestCase("""{"function_call":{"name":"f"}}""", true)]
    [TestCase("""{"audio":{"id":"a"}}""", true)]
    [TestCase("""{"audio":null}""", false)]
    public void Output_of_any_kind_counts(string message, bool hasOutput) =>
        Assert.That(Read($$"""{"choices":[{"message":{{message}} }]}""").HasOutput, Is.EqualTo(hasOutput));

    [TestCase("""{"prompt_tokens":0,"completion_tokens":0}""", true)]
    [TestCase("""{"prompt_tokens":8,"total_tokens":8}""", true)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":1,"prompt_cache_hit_tokens":8}""", true)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":1,"prompt_cache_hit_tokens":9}""", false)]
    [TestCase("""{}""", false)]
    [TestCase("""{"prompt_tokens":"8","completion_tokens":1}""", false)]
    [TestCase("""{"prompt_tokens":-8,"completion_tokens":1}""", false)]
    [TestCase("""{"prompt_tokens":8.5,"completion_tokens":1}""", false)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":9223372036854775808}""", false)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":{"a":1}}""", false)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":9}}""", false)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":2}}""", false)]
    [TestCase("""{"prompt_tokens":8,"completion_tokens":1,"prompt_tokens_details":null,"completion_tokens_details":null}""", true)]
    public void Usage_is_sound_or_not(string usage, bool isSound)
    {
        var answer = Read($$"""{"usage":{{usage}} }""");

        Assert.That((answer.HasUsage, answer.Tokens.IsSound), Is.EqualTo((true, isSound)));
    }

    [Test]
    public void Random_answers_with_extras_equal_the_model_answer()
    {
        var json = new RandomJson(seed: 9);
        for (var round = 0; round < 3_000; round++)
        {
            var members = Enumerable.Range(0, json.Random.Next(4)).Select(i => ($"other{i}", json.Value())).ToList();
            string[] usages = ["null", "{}", "{ }", json.Object([("prompt_tokens", "1"), ("x", json.Value())])];
            if (json.Random.Next(4) > 0)
            {
                members.Add(("usage", usages[json.Random.Next(usages.Length)]));
            }

            var input = json.Space() + json.Object(members) + json.Space();
            var expected = JsonNode.Parse(input)!.AsObject();
            var usage = expected["usage"]?.DeepClone().AsObject() ?? [];
            usage["cost"] = 1;
            expected["usage"] = usage;
            expected["pack"] = "p";
            using var output = new PooledBuffer();
            AnswerSplice.Write(Read(input), "\"cost\":1"u8, "\"pack\":\"p\""u8, output);

            Assert.That(JsonNode.DeepEquals(JsonNode.Parse(output.WrittenSpan), expected), $"{input}\n{Encoding.UTF8.GetString(output.WrittenSpan)}");
        }
    }

    private static AnswerReader Read(string json)
    {
        var answer = new AnswerReader();
        Assert.That(answer.TryRead(Encoding.UTF8.GetBytes(json)), json);
        return answer;
    }
}
