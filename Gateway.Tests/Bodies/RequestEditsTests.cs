using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class RequestEditsTests
{
    [TestCase("""{"provider":"p","model":"m","messages":[{}]}""", """{"model":"m","messages":[{}]}""")]
    [TestCase("""{ "provider" : "p" , "model":"m","messages":[{}]}""", """{ "model":"m","messages":[{}]}""")]
    [TestCase("""{"model":"m", "provider":"p", "messages":[{}]}""", """{"model":"m", "messages":[{}]}""")]
    [TestCase("""{"model":"m","messages":[{}] , "provider":"p" }""", """{"model":"m","messages":[{}] }""")]
    [TestCase("""{"model":"m","provider":{"a":1},"messages":[{}]}""", """{"model":"m","provider":{"a":1},"messages":[{}]}""")]
    [TestCase("""{"model":"m","messages":[{}]}""", """{"model":"m","messages":[{}]}""")]
    public void Provider_is_removed_with_one_comma(string input, string output) =>
        Assert.That(Edit(input, RequestEdits.RemoveProvider), Is.EqualTo(output));

    [TestCase("", ""","stream_options":{"include_usage":true}""")]
    [TestCase(""","stream_options": null ,"x":1""", ""","stream_options": {"include_usage":true} ,"x":1""")]
    [TestCase(""","stream_options":{},"x":1""", ""","stream_options":{"include_usage":true},"x":1""")]
    [TestCase(""","stream_options":{ "a" : [1, 2] }""", ""","stream_options":{ "a" : [1, 2],"include_usage":true }""")]
    [TestCase(""","stream_options":{"include_usage": false, "a":1}""", ""","stream_options":{"include_usage": true, "a":1}""")]
    [TestCase(""","stream_options":{"include_usage":null}""", ""","stream_options":{"include_usage":true}""")]
    [TestCase(""","stream_options":{"include_usage":true,"a":1}""", ""","stream_options":{"include_usage":true,"a":1}""")]
    public void Usage_is_asked_for_and_other_stream_options_stay(string input, string output)
    {
        const string head = """{"model":"m","messages":[{}]""";

        Assert.That(Edit(head + input + "}", RequestEdits.IncludeUsage), Is.EqualTo(head + output + "}"));
    }

    [TestCase("", ""","max_completion_tokens":100""")]
    [TestCase(""","max_tokens":101""", ""","max_tokens":100""")]
    [TestCase(""","max_tokens":100""", ""","max_tokens":100""")]
    [TestCase(""","max_completion_tokens":5000,"max_tokens":99""", ""","max_completion_tokens":100,"max_tokens":99""")]
    [TestCase(""","max_completion_tokens":5000,"max_tokens":500""", ""","max_completion_tokens":100,"max_tokens":100""")]
    [TestCase(""","max_completion_tokens":null""", ""","max_completion_tokens":100""")]
    [TestCase(""","max_tokens":null""", ""","max_tokens":null,"max_completion_tokens":100""")]
    public void Output_tokens_are_capped(string input, string output)
    {
        const string head = """{"model":"m","messages":[{}]""";

        var edited = Edit(head + input + "}", (index, splice) => RequestEdits.CapOutputTokens(index, splice, 100));

        Assert.That(edited, Is.EqualTo(head + output + "}"));
    }

    [Test]
    public void The_added_limit_can_be_max_tokens() =>
        Assert.That(
            Edit("""{"model":"m","messages":[{}]}""", (index, splice) => RequestEdits.CapOutputTokens(index, splice, 7, OutputLimitField.MaxTokens)),
            Is.EqualTo("""{"model":"m","messages":[{}],"max_tokens":7}"""));

    [Test]
    public void A_model_name_is_escaped() =>
        Assert.That(
            JsonNode.Parse(Edit("""{"model":"m","messages":[{}]}""", (index, splice) => RequestEdits.ReplaceModel(index, splice, "a\"\\\n😀")))!["model"]!
                .GetValue<string>(),
            Is.EqualTo("a\"\\\n😀"));

    [Test]
    public void Overlapping_edits_are_a_bug()
    {
        var splice = new BodySplice();
        splice.Remove(new ByteRange(5, 5));
        splice.Insert(5, new byte[1]);
        splice.Insert(10, new byte[1]);

        Assert.Throws<ArgumentException>(() => splice.Insert(7, new byte[1]));
        Assert.Throws<ArgumentException>(() => splice.Remove(new ByteRange(2, 4)));
        Assert.Throws<ArgumentException>(() => splice.Remove(new ByteRange(9, 4)));
        Assert.That(splice.Count, Is.EqualTo(3));
    }

    [Test]
    public void Random_bodies_edited_by_splices_equal_the_model_answer()
    {
        var json = new RandomJson(seed: 20261121);
        for (var round = 0; round < 4_000; round++)
        {
            var input = RandomRequest(json);
            var expected = JsonNode.Parse(input)!.AsObject();
            var actions = Enumerable.Range(0, 4).Where(_ => json.Random.Next(4) > 0).ToArray();
            json.Random.Shuffle(actions);

            var output = Edit(input, (index, splice) =>
            {
                foreach (var action in actions)
                {
                    Apply(action, index, splice);
                    Expect(action, expected);
                }
            });

            Assert.That(JsonNode.DeepEquals(JsonNode.Parse(output), expected), $"round {round}:\n{input}\n{output}\n{expected.ToJsonString()}");
            Assert.That(UntouchedMembers(output), Is.EqualTo(UntouchedMembers(input)), $"round {round}");
        }
    }

    private static string RandomRequest(RandomJson json)
    {
        var random = json.Random;
        var members = new List<(string, string)>
        {
            ("model", "\"m" + json.Text()[1..]),
            ("messages", $"[{json.Object([("role", "\"user\""), ("content", json.Text(40))])}]"),
        };
        members.AddRange(Enumerable.Range(0, random.Next(4)).Select(i => ($"other{i}", json.Value())));
        Optional("provider", ["\"p\"", "null", "{\"a\":1}"]);
        Optional("stream_options", ["null", "{}", "{ }", "{\"include_usage\":false}", json.Object([("a", json.Value()), ("include_usage", "true")]), json.Object([("a", json.Value())])]);
        Optional("max_tokens", ["null", "1", "99", "100", "101", "2147483647"]);
        Optional("max_completion_tokens", ["null", "1", "99", "100", "101", "2147483647"]);
        Optional("n", ["1", "16", "null"]);
        return json.Space() + json.Object(members) + json.Space();

        void Optional(string name, string[] values)
        {
            if (random.Next(2) == 0)
            {
                members.Add((name, values[random.Next(values.Length)]));
            }
        }
    }

    private static void Apply(int action, RequestIndex index, BodySplice splice)
    {
        switch (action)
        {
            case 0:
                RequestEdits.ReplaceModel(index, splice, "new/\"é\"");
                break;
            case 1:
                RequestEdits.RemoveProvider(index, splice);
                break;
            case 2:
                RequestEdits.IncludeUsage(index, splice);
                break;
            default:
                RequestEdits.CapOutputTokens(index, splice, 100);
                break;
        }
    }

    private static void Expect(int action, JsonObject body)
    {
        switch (action)
        {
            case 0:
                body["model"] = "new/\"é\"";
                break;
            case 1 when body["provider"] is JsonValue:
                body.Remove("provider");
                break;
            case 2:
                var options = body["stream_options"] as JsonObject ?? [];
                body["stream_options"] = options.DeepClone();
                body["stream_options"]!["include_usage"] = true;
                break;
            case 3:
                string[] limits = ["max_tokens", "max_completion_tokens"];
                if (limits.All(limit => body[limit] is null))
                {
                    body["max_completion_tokens"] = 100;
                }

                foreach (var limit in limits.Where(limit => body[limit] is not null && (int)body[limit]! > 100))
                {
                    body[limit] = 100;
                }

                break;
        }
    }

    private static string[] UntouchedMembers(string json)
    {
        using var document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.EnumerateObject()
                .Where(member => member.Name is "messages" or "n" || member.Name.StartsWith("other", StringComparison.Ordinal))
                .Select(member => member.Name + member.Value.GetRawText()),
        ];
    }

    private static string Edit(string input, Action<RequestIndex, BodySplice> edit)
    {
        var body = Encoding.UTF8.GetBytes(input);
        var index = new RequestIndex();
        Assert.That(index.TryRead(body, out var error), $"{error.Message}\n{input}");
        var splice = new BodySplice();
        edit(index, splice);
        var output = new byte[splice.OutputLength(body.Length)];
        splice.WriteTo(body, output);
        return Encoding.UTF8.GetString(output);
    }
}
