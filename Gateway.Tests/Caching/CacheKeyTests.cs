using System.Text;
using Gateway.Transforms.Caching;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class CacheKeyTests
{
    private const string Request =
        """{"model":"m","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"What is a hash?"}],"temperature":0.2,"seed":7,"tools":[{"type":"function","function":{"name":"f"}}]}""";

    private static readonly CacheScope Scope = new("ws_a", "", "rule_1", "openai", "gpt-5", "/v1/chat/completions");

    [TestCase("\"temperature\":0.2", "\"temperature\":0.3")]
    [TestCase("\"temperature\":0.2", "\"temperature\":0.20")]
    [TestCase("\"seed\":7", "\"seed\":8")]
    [TestCase("\"seed\":7", "\"seed\":null")]
    [TestCase("Be short.", "Be long.")]
    [TestCase("Be short.", "Be short. ")]
    [TestCase("\"name\":\"f\"", "\"name\":\"g\"")]
    [TestCase("\"role\":\"system\"", "\"role\":\"developer\"")]
    [TestCase("What is a hash?", "What is a hash")]
    [TestCase("\"seed\":7", "\"seed\":7,\"max_tokens\":10")]
    [TestCase("\"seed\":7", "\"seed\":7,\"max_completion_tokens\":10")]
    [TestCase("\"seed\":7", "\"seed\":7,\"n\":2")]
    [TestCase("\"seed\":7", "\"seed\":7,\"stop\":[\"x\"]")]
    [TestCase("\"seed\":7", "\"seed\":7,\"response_format\":{\"type\":\"json_object\"}")]
    [TestCase("\"seed\":7", "\"seed\":7,\"x_unknown\":{\"deep\":[1]}")]
    [TestCase("\"seed\":7", "\"seed\":7,\"user\":\"u1\"")]
    [TestCase("\"seed\":7", "\"seed\":7,\"metadata\":{\"a\":\"b\"}")]
    [TestCase("\"seed\":7", "\"seed\":7,\"stream\":true")]
    [TestCase("\"seed\":7", "\"seed\":7,\"provider\":{\"order\":[\"a\"]}")]
    [TestCase("\"seed\":7", "\"seed\":7,\"stream_options\":{\"include_obfuscation\":false}")]
    public void A_request_that_says_something_else_has_another_key(string said, string instead)
    {
        var changed = Request.Replace(said, instead);

        Assert.That(changed, Is.Not.EqualTo(Request));
        Assert.That(Exact(changed), Is.Not.EqualTo(Exact(Request)));
    }

    [Test]
    public void Unknown_fields_differ_by_name_and_by_value()
    {
        string[] fields = ["\"a\":1", "\"a\":2", "\"b\":1", "\"a\":\"1\"", "\"a\":[1]", "\"a\":[[1]]", "\"a\":{\"1\":1}", "\"a\":null", "\"a\":true", "\"ab\":1", "\"a\":\"\"", "\"a\":[]", "\"a\":{}"];

        var keys = fields.Select(field => Exact(Request.Replace("\"seed\":7", field)));

        Assert.That(keys, Is.Unique);
    }

    [TestCase("""{ "model" : "m" , "messages" : [ { "role" : "system" , "content" : "Be short." } , {"role":"user","content":"What is a hash?"} ],"temperature": 0.2,"seed" : 7,"tools":[{"type":"function","function":{"name":"f"}}] }""")]
    [TestCase("""{"seed":7,"tools":[{"type":"function","function":{"name":"f"}}],"temperature":0.2,"messages":[{"role":"system","content":"Be short."},{"role":"user","content":"What is a hash?"}],"model":"m"}""")]
    [TestCase("""{"model":"other","provider":"p","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"What is a hash?"}],"temperature":0.2,"seed":7,"tools":[{"type":"function","function":{"name":"f"}}]}""")]
    [TestCase("""{"stream":false,"messages":[{"role":"system","content":"Be short."},{"role":"user","content":"What is a hash?"}],"temperature":0.2,"seed":7,"tools":[{"type":"function","function":{"name":"f"}}]}""")]
    [TestCase("""{"stream":null,"stream_options":null,"messages":[{"role":"system","content":"Be short."},{"role":"user","content":"What is a hash?"}],"temperature":0.2,"seed":7,"tools":[{"type":"function","function":{"name":"f"}}]}""")]
    [TestCase("""{"mod\u0065l":"m","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"What is a hash?"}],"temperature":0.2,"seed":7,"tools":[{"type":"function","function":{"name":"f"}}]}""")]
    public void Spaces_member_order_and_what_was_resolved_make_no_difference(string same) => Assert.That(Exact(same), Is.EqualTo(Exact(Request)));

    [Test]
    public void Line_feeds_tabs_and_spaces_everywhere_make_no_difference()
    {
        var spaced = new StringBuilder();
        var inString = false;
        foreach (var character in Request)
        {
            inString ^= character == '"';
            spaced.Append(inString || character == '"' || char.IsAsciiLetterOrDigit(character) || character is '.' ? character.ToString() : $"\t{character}\r\n ");
        }

        Assert.That(spaced.Length, Is.GreaterThan(Request.Length));
        Assert.That(Exact(spaced.ToString()), Is.EqualTo(Exact(Request)));
    }

    [Test]
    public void A_temperature_that_is_left_out_is_1()
    {
        string[] same = ["{\"messages\":[]}", "{\"messages\":[],\"temperature\":1}", "{\"messages\":[],\"temperature\":1.0}", "{\"messages\":[],\"temperature\":null}", "{\"messages\":[],\"temperature\":10e-1}"];

        Assert.That(same.Select(body => Exact(body)).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Exact("{\"messages\":[],\"temperature\":\"1\"}"), Is.Not.EqualTo(Exact(same[0])));
        Assert.That(Exact("{\"messages\":[],\"temperature\":0}"), Is.Not.EqualTo(Exact(same[0])));
    }

    [Test]
    public void Asking_a_stream_for_usage_makes_no_difference_but_the_stream_does()
    {
        var stream = Exact("{\"messages\":[],\"stream\":true}");

        Assert.That(Exact("{\"messages\":[],\"stream\":true,\"stream_options\":{\"include_usage\":true}}"), Is.EqualTo(stream));
        Assert.That(Exact("{\"messages\":[]}"), Is.Not.EqualTo(stream));
    }

    [Test]
    public void Every_part_of_the_scope_is_in_the_key()
    {
        CacheScope[] scopes =
        [
            Scope, Scope with { Workspace = "ws_b" }, Scope with { Group = "g" }, Scope with { Namespace = "rule_2" }, Scope with { Provider = "azure" },
            Scope with { Model = "gpt-5-mini" }, Scope with { Endpoint = "/v1/completions" }, Scope with { Workspace = "ws_ag", Group = "" }, Scope with { Workspace = "ws_a", Group = "ws_a" },
        ];

        Assert.That(scopes.Select(scope => Keys(Request, scope).Exact), Is.Unique);
        Assert.That(scopes.Select(scope => Keys(Request, scope).Partition), Is.Unique);
    }

    [Test]
    public void Scopes_whose_parts_run_into_each_other_differ()
    {
        var left = Keys(Request, new CacheScope("ab", "c", "d", "e", "f", "g")).Exact;

        Assert.That(Keys(Request, new CacheScope("a", "bc", "d", "e", "f", "g")).Exact, Is.Not.EqualTo(left));
    }

    [Test]
    public void A_partition_is_the_request_without_its_last_text()
    {
        var asked = Keys(Request);

        Assert.That(Keys(Request.Replace("What is a hash?", "How do I sort?")).Partition, Is.EqualTo(asked.Partition));
        Assert.That(Keys(Request.Replace("Be short.", "Be long.")).Partition, Is.Not.EqualTo(asked.Partition));
        Assert.That(Keys(Request.Replace("0.2", "0.1")).Partition, Is.Not.EqualTo(asked.Partition));
        Assert.That(Keys(Request.Replace("\"role\":\"user\"", "\"role\":\"user\",\"name\":\"Ann\"")).Partition, Is.Not.EqualTo(asked.Partition));
        Assert.That(asked.Partition, Is.Not.EqualTo(asked.Exact));
    }

    [Test]
    public void Text_parts_are_read_as_one_question()
    {
        var parts = Keys(Request.Replace("\"What is a hash?\"", """[{"type":"text","text":"What \"is\""},{"text":"a h\u00e4sh?","type":"text"}]"""));

        Assert.That(parts.ExactOnly, Is.Null);
        Assert.That(parts.Question, Is.EqualTo("What \"is\"\na häsh?"));
    }

    [TestCase("\"What is a hash?\"", """[{"type":"image_url","image_url":{"url":"data:"}}]""", "not_text")]
    [TestCase("\"What is a hash?\"", """[{"type":"text","text":"x"},{"type":"input_audio","input_audio":{}}]""", "not_text")]
    [TestCase("\"What is a hash?\"", """[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]""", "not_text")]
    [TestCase("\"What is a hash?\"", "null", "not_text")]
    [TestCase("\"What is a hash?\"", "[]", "not_text")]
    [TestCase("\"What is a hash?\"", "{\"text\":\"x\"}", "not_text")]
    [TestCase("\"What is a hash?\"", "[\"x\"]", "not_text")]
    [TestCase("\"role\":\"user\"", "\"role\":\"tool\",\"tool_call_id\":\"c\"", "last_message_not_user")]
    [TestCase("\"role\":\"user\"", "\"role\":\"assistant\"", "last_message_not_user")]
    [TestCase("\"temperature\":0.2", "\"temperature\":0.31", "temperature")]
    [TestCase("\"temperature\":0.2", "\"top_p\":1", "temperature")]
    [TestCase("\"temperature\":0.2", "\"temperature\":\"0\"", "temperature")]
    [TestCase("\"seed\":7", "\"n\":2", "several_answers")]
    [TestCase("\"seed\":7", "\"n\":\"1\"", "several_answers")]
    public void What_may_not_be_answered_by_a_similar_question_says_why(string said, string instead, string why) =>
        Assert.That(Keys(Request.Replace(said, instead)).ExactOnly, Is.EqualTo(why));

    [TestCase("\"temperature\":0.2", "\"temperature\":0.3")]
    [TestCase("\"temperature\":0.2", "\"temperature\":0")]
    [TestCase("\"seed\":7", "\"n\":1")]
    [TestCase("\"seed\":7", "\"n\":null")]
    public void What_may_be_answered_by_a_similar_question_says_nothing(string said, string instead) =>
        Assert.That(Keys(Request.Replace(said, instead)).ExactOnly, Is.Null);

    [TestCase(6, null)]
    [TestCase(7, "long_conversation")]
    public void A_conversation_is_long_beyond_six_messages(int messages, string? why)
    {
        var turns = string.Join(',', Enumerable.Range(0, messages).Select(number => $$"""{"role":"{{(number == messages - 1 ? "user" : "assistant")}}","content":"x"}"""));

        Assert.That(Keys($$"""{"messages":[{"role":"system","content":"s"},{{turns}}],"temperature":0}""").ExactOnly, Is.EqualTo(why));
    }

    [TestCase(4094, null)]
    [TestCase(4095, "long_question")]
    public void A_question_is_long_beyond_4_KiB(int length, string? why) =>
        Assert.That(Keys(Request.Replace("What is a hash?", new string('x', length))).ExactOnly, Is.EqualTo(why));

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("{\"a\":1")]
    [TestCase("{\"a\":1}}")]
    [TestCase("{\"a\":1,}")]
    [TestCase("{\"a\":1}{}")]
    [TestCase("// no\n{}")]
    public void What_is_no_object_has_no_key(string body)
    {
        using var reader = new CacheKeyReader();

        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes(body), Scope), Is.False);
    }

    [Test]
    public void A_body_that_is_too_deep_has_no_key()
    {
        using var reader = new CacheKeyReader();

        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 63) + new string(']', 63) + "}"), Scope), Is.True);
        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 64) + new string(']', 64) + "}"), Scope), Is.False);
        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 1_000_000)), Scope), Is.False);
    }

    [Test]
    public void Odd_names_and_values_have_keys_of_their_own()
    {
        string[] bodies =
        [
            """{"\u0000":1}""", """{"":1}""", """{"\ud83d\ude00":1}""", "{\"😀\":1}", """{"a":"\u0000"}""", """{"a":"\\"}""", """{"a":"\""}""", """{"a":"\"}","b":"1"}""",
            """{"a":1e400}""", """{"a":-0}""", """{"a":"{\"b\":1}"}""", """{"a":{"b":1}}""", """{"temperature":1e400}""", """{"n":1e400}""",
        ];

        Assert.That(bodies.Select(body => Exact(body)), Is.Unique);
    }

    [Test]
    public void Moving_bytes_between_members_changes_the_key()
    {
        Assert.That(Exact("""{"a":"1","b":"2"}"""), Is.Not.EqualTo(Exact("""{"a":"12","b":""}""")));
        Assert.That(Exact("""{"a":"1","b":"2"}"""), Is.Not.EqualTo(Exact("""{"a":"2","b":"1"}""")));
    }

    [Test]
    public void Twenty_thousand_members_in_any_order_are_one_request()
    {
        var names = Enumerable.Range(0, 20_000).Select(number => $"\"k{number}\":{number}").ToArray();
        var forward = Exact("{" + string.Join(',', names) + "}");
        Array.Reverse(names);

        Assert.That(Exact("{" + string.Join(',', names) + "}"), Is.EqualTo(forward));
    }

    [Test]
    public void Fifty_megabytes_are_read_in_one_pass()
    {
        var body = Encoding.UTF8.GetBytes("{\"messages\":[{\"role\":\"tool\",\"content\":\"" + new string('x', 50_000_000) + "\"}]}");
        using var reader = new CacheKeyReader();
        var watch = System.Diagnostics.Stopwatch.StartNew();

        Assert.That(reader.TryRead(body, Scope), Is.True);
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void A_reader_that_is_used_again_remembers_nothing()
    {
        using var reader = new CacheKeyReader();
        reader.TryRead(Encoding.UTF8.GetBytes(Request), Scope);
        var first = reader.Exact;

        reader.TryRead("{\"stream\":true,\"messages\":[]}"u8, Scope);
        reader.TryRead(Encoding.UTF8.GetBytes(Request), Scope);

        Assert.That(reader.Exact, Is.EqualTo(first));
        Assert.That(reader.Question(), Is.EqualTo("What is a hash?"));
    }

    [Test]
    public void A_digest_is_the_same_in_text()
    {
        var digest = Exact(Request);

        Assert.That(CacheDigest.TryParse(digest.ToString(), out var read), Is.True);
        Assert.That(read, Is.EqualTo(digest));
        Assert.That(CacheDigest.TryParse(digest.ToString().AsSpan(1), out _), Is.False);
        Assert.That(CacheDigest.TryParse(digest.ToString().Remove(0, 1) + "g", out _), Is.False);
    }

    private static CacheDigest Exact(string body) => Keys(body).Exact;

    private static (CacheDigest Exact, CacheDigest Partition, string? ExactOnly, string Question) Keys(string body, CacheScope? scope = null)
    {
        using var reader = new CacheKeyReader();
        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes(body), scope ?? Scope), Is.True, body);
        return (reader.Exact, reader.Partition, reader.ExactOnly, reader.Question());
    }
}
