using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class RequestIndexTests
{
    private const string Messages = """ "messages":[{"role":"user","content":"hi"}]""";

    [Test]
    public void Members_are_found_and_decoded()
    {
        const string json = """
            { "n":2, "model" : "a\/b\u0063", "messages":[{"role":"user","content":"hi"},{}], "stream":true, "tools":[{},{}],
              "stream_options":{"x":[1],"include_usage":true}, "max_tokens":5, "max_completion_tokens":2147483647, "user":"u", "provider":"deepseek" }
            """;

        var index = Read(json);

        Assert.Multiple(() =>
        {
            Assert.That(index.Model, Is.EqualTo("a/bc"));
            Assert.That(index.Provider, Is.EqualTo("deepseek"));
            Assert.That(index.Stream && index.IncludeUsage && index.HasStreamOptions && index.ProviderIsString);
            Assert.That(index.MaxTokens, Is.EqualTo(5));
            Assert.That(index.MaxCompletionTokens, Is.EqualTo(int.MaxValue));
            Assert.That((index.N, index.MessageCount, index.ToolCount), Is.EqualTo((2, 2, 2)));
            Assert.That(Text(index, index.ModelValue), Is.EqualTo("""
                "a\/b\u0063"
                """));
            Assert.That(Text(index, index.MessagesValue), Is.EqualTo("""[{"role":"user","content":"hi"},{}]"""));
            Assert.That(Text(index, index.ToolsValue), Is.EqualTo("[{},{}]"));
            Assert.That(Text(index, index.NValue), Is.EqualTo("2"));
            Assert.That(Text(index, index.UserValue), Is.EqualTo("\"u\""));
            Assert.That(Text(index, index.StreamValue), Is.EqualTo("true"));
            Assert.That(Text(index, index.IncludeUsageValue), Is.EqualTo("true"));
            Assert.That(json[index.ClosingBrace], Is.EqualTo('}'));
            Assert.That(json[index.AfterOpeningBrace - 1], Is.EqualTo('{'));
            Assert.That(json[..index.AfterLastMember], Does.EndWith("\"deepseek\""));
        });
    }

    [Test]
    public void Members_of_nested_objects_are_not_mistaken_for_top_level_ones()
    {
        var index = Read("""{"x":{"model":"inner","stream":true,"n":99},"model":"outer",""" + Messages + "}");

        Assert.That((index.Model, index.Stream, index.N), Is.EqualTo(("outer", false, 1)));
    }

    [Test]
    public void Nulls_count_as_absent()
    {
        var index = Read("""{"model":"m","stream":null,"stream_options":null,"max_tokens":null,"n":null,"tools":null,"user":null,""" + Messages + "}");

        Assert.That((index.Stream, index.IncludeUsage, index.MaxTokens, index.N, index.ToolCount), Is.EqualTo((false, false, (long?)null, 1, 0)));
        Assert.That(index.HasStreamOptions);
    }

    [Test]
    public void A_member_name_spelled_with_escapes_is_the_member() =>
        Assert.That(Read("""{"mod\u0065l":"m",""" + Messages + "}").Model, Is.EqualTo("m"));

    [TestCase("7")]
    [TestCase("null")]
    [TestCase("""{"order":["a"]}""")]
    public void A_provider_that_is_no_string_is_left_alone(string provider)
    {
        var index = Read($$"""{"model":"m","provider":{{provider}},{{Messages}}}""");

        Assert.That((index.Provider, index.ProviderIsString, index.ProviderValue.IsPresent), Is.EqualTo(((string?)null, false, true)));
    }

    [TestCase("", BodyFault.NotJson)]
    [TestCase(" ", BodyFault.NotJson)]
    [TestCase("{", BodyFault.NotJson)]
    [TestCase("{}{}", BodyFault.NotJson)]
    [TestCase("{} x", BodyFault.NotJson)]
    [TestCase("{/*c*/}", BodyFault.NotJson)]
    [TestCase("{\"a\":1,}", BodyFault.NotJson)]
    [TestCase("{\"a\":NaN}", BodyFault.NotJson)]
    [TestCase("{'a':1}", BodyFault.NotJson)]
    [TestCase("{\"a\":01}", BodyFault.NotJson)]
    [TestCase("{\"a\":\"\u0001\"}", BodyFault.NotJson)]
    [TestCase("\uFEFF{}", BodyFault.NotJson)]
    [TestCase("null", BodyFault.NotObject)]
    [TestCase("\"x\"", BodyFault.NotObject)]
    [TestCase("[]", BodyFault.NotObject)]
    [TestCase("1", BodyFault.NotObject)]
    [TestCase("{\"model\":\"a\",\"model\":\"b\"}", BodyFault.DuplicateKey)]
    [TestCase("{\"model\":\"a\",\"mod\\u0065l\":\"b\"}", BodyFault.DuplicateKey)]
    [TestCase("{\"mod\\u0065l\":\"a\",\"\\u006dodel\":\"b\"}", BodyFault.DuplicateKey)]
    [TestCase("{\"a\":[{\"b\":1,\"c\":{},\"b\":2}]}", BodyFault.DuplicateKey)]
    [TestCase("{\"\":1,\"\":2}", BodyFault.DuplicateKey)]
    [TestCase("{\"\\ud83d\\ude00\":1,\"😀\":2}", BodyFault.DuplicateKey)]
    [TestCase("{\"a\":\"\\ud800\"}", BodyFault.LoneSurrogate)]
    [TestCase("{\"a\":\"\\udc00\"}", BodyFault.LoneSurrogate)]
    [TestCase("{\"a\":\"\\udc00\\ud800\"}", BodyFault.LoneSurrogate)]
    [TestCase("{\"a\":\"\\ud800\\ud800\\udc00\"}", BodyFault.LoneSurrogate)]
    [TestCase("{\"a\":\"\\ud800 \\udc00\"}", BodyFault.LoneSurrogate)]
    [TestCase("{\"a\":\"\\ud800\\n\"}", BodyFault.LoneSurrogate)]
    [TestCase("{\"a\":[\"\\\\\\ud800\"]}", BodyFault.LoneSurrogate)]
    [TestCase("{\"\\ud800\":1}", BodyFault.LoneSurrogate)]
    public void A_body_that_upstream_could_read_otherwise_is_refused(string json, BodyFault fault)
    {
        var accepted = new RequestIndex().TryRead(Encoding.UTF8.GetBytes(json), out var error);

        Assert.That((accepted, error.Fault, error.Field), Is.EqualTo((false, fault, (string?)null)));
        Assert.That(error.Message, Does.EndWith("."));
    }

    [Test]
    public void Pairs_of_surrogates_and_escaped_backslashes_are_accepted() =>
        Assert.That(Read("""{"model":"\ud83d\ude00","x":"\\ud800","y":"\"\\\n\uD83D\uDE00",""" + Messages + "}").Model, Is.EqualTo("😀"));

    [Test]
    public void The_same_key_in_two_objects_is_no_duplicate() =>
        Assert.That(Read("""{"model":"m","a":{"k":1},"b":{"k":1},"k":{"k":[{"k":1},{"k":2}]},""" + Messages + "}").Model, Is.EqualTo("m"));

    [Test]
    public void Invalid_utf8_is_refused()
    {
        foreach (var bad in new byte[][] { [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82] })
        {
            byte[] body = [.. "{\"a\":\""u8, .. bad, .. "\"}"u8];

            var accepted = new RequestIndex().TryRead(body, out var error);

            Assert.That((accepted, error.Fault), Is.EqualTo((false, BodyFault.InvalidUtf8)));
        }

        new RequestIndex().TryRead(Encoding.Unicode.GetBytes("{}"), out var utf16);
        Assert.That(utf16.Fault, Is.EqualTo(BodyFault.NotJson));
    }

    [TestCase(64, true)]
    [TestCase(65, false)]
    [TestCase(66, false)]
    [TestCase(100_000, false)]
    public void Nesting_is_limited_to_64_levels(int depth, bool accepted)
    {
        var arrays = depth - 1;
        var json = $$"""{"model":"m","x":{{new string('[', arrays)}}{{new string(']', arrays)}},{{Messages}}}""";

        Assert.That(new RequestIndex().TryRead(Encoding.UTF8.GetBytes(json), out var error), Is.EqualTo(accepted));
        Assert.That(error.Fault, Is.EqualTo(accepted ? BodyFault.None : BodyFault.TooDeep));
    }

    [TestCase(20_000, true)]
    [TestCase(20_001, false)]
    [TestCase(300_000, false)]
    public void Keys_are_limited_to_20000(int count, bool accepted)
    {
        const int others = 5;
        var keys = string.Join(',', Enumerable.Range(0, count - others).Select(i => $"\"{(i % 2 == 0 ? "k" : "\\u006b")}{i}\":0"));
        var json = $$"""{"model":"m","x":{ {{keys}} },{{Messages}}}""";

        Assert.That(new RequestIndex().TryRead(Encoding.UTF8.GetBytes(json), out var error), Is.EqualTo(accepted));
        Assert.That(error.Fault, Is.EqualTo(accepted ? BodyFault.None : BodyFault.TooManyKeys));
    }

    [Test]
    public void A_duplicate_among_thousands_of_keys_is_found()
    {
        var keys = string.Join(',', Enumerable.Range(0, 19_000).Select(i => $"\"key{i}\":0"));

        new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{"x":{ {{keys}},"k\u0065y77":1} }"""), out var error);

        Assert.That(error.Fault, Is.EqualTo(BodyFault.DuplicateKey));
    }

    [TestCase("-1")]
    [TestCase("0")]
    [TestCase("-0")]
    [TestCase("1.0")]
    [TestCase("1.5")]
    [TestCase("1e3")]
    [TestCase("1e400")]
    [TestCase("2147483648")]
    [TestCase("9223372036854775808")]
    [TestCase("99999999999999999999")]
    [TestCase("18446744073709551617")]
    [TestCase("\"5\"")]
    [TestCase("true")]
    [TestCase("[]")]
    [TestCase("{}")]
    public void A_limit_that_is_no_whole_number_in_range_is_refused(string value)
    {
        foreach (var field in new[] { "max_tokens", "max_completion_tokens", "n" })
        {
            new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m","{{field}}":{{value}},{{Messages}}}"""), out var error);

            Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, field)));
            Assert.That(error.Message, Does.Contain(value).And.Contains(field));
        }
    }

    [Test]
    public void A_limit_of_100000_digits_is_refused_with_a_short_message()
    {
        new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m","max_tokens":{{new string('9', 100_000)}},{{Messages}}}"""), out var error);

        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, "max_tokens")));
        Assert.That(error.Message.Length, Is.LessThan(250));
    }

    [TestCase("model", "\"model\":null")]
    [TestCase("model", "\"model\":\"\"")]
    [TestCase("model", "\"model\":5")]
    [TestCase("model", "\"model\":[\"m\"]")]
    [TestCase("model", "\"x\":1")]
    [TestCase("stream", "\"model\":\"m\",\"stream\":\"true\"")]
    [TestCase("stream", "\"model\":\"m\",\"stream\":1")]
    [TestCase("stream_options", "\"model\":\"m\",\"stream_options\":[]")]
    [TestCase("stream_options", "\"model\":\"m\",\"stream_options\":true")]
    [TestCase("stream_options", "\"model\":\"m\",\"stream_options\":{\"include_usage\":1}")]
    [TestCase("stream_options", "\"model\":\"m\",\"stream_options\":{\"include_usage\":{}}")]
    [TestCase("n", "\"model\":\"m\",\"n\":17")]
    [TestCase("n", "\"model\":\"m\",\"n\":1000")]
    [TestCase("tools", "\"model\":\"m\",\"tools\":{}")]
    [TestCase("tools", "\"model\":\"m\",\"tools\":\"x\"")]
    [TestCase("user", "\"model\":\"m\",\"user\":1")]
    [TestCase("user", "\"model\":\"m\",\"user\":{}")]
    public void A_member_of_the_wrong_type_is_refused_by_name(string field, string members)
    {
        new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{ {{members}},{{Messages}} }"""), out var error);

        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, field)));
        Assert.That(error.Message, Does.Contain(field));
    }

    [TestCase("")]
    [TestCase(",\"messages\":null")]
    [TestCase(",\"messages\":[]")]
    [TestCase(",\"messages\":{}")]
    [TestCase(",\"messages\":\"hi\"")]
    [TestCase(",\"messages\":[{},\"hi\"]")]
    [TestCase(",\"messages\":[[]]")]
    [TestCase(",\"messages\":[null]")]
    public void Messages_must_be_an_array_of_objects(string messages)
    {
        new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m"{{messages}}}"""), out var error);

        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, "messages")));
    }

    [TestCase("messages", 2_048, true)]
    [TestCase("messages", 2_049, false)]
    [TestCase("tools", 512, true)]
    [TestCase("tools", 513, false)]
    public void Messages_and_tools_are_limited(string field, int count, bool accepted)
    {
        var elements = string.Join(',', Enumerable.Repeat("{}", count));
        var rest = string.Equals(field, "messages", StringComparison.Ordinal) ? "" : "," + Messages;

        new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m","{{field}}":[{{elements}}]{{rest}}}"""), out var error);

        Assert.That((error.Fault, error.Field), Is.EqualTo(accepted ? (BodyFault.None, null) : (BodyFault.InvalidField, field)));
    }

    [TestCase(256, true)]
    [TestCase(257, false)]
    public void Names_are_limited_to_256_characters(int length, bool accepted)
    {
        foreach (var letter in new[] { "m", "\\u006d", "é" })
        {
            var name = string.Concat(Enumerable.Repeat(letter, length));
            var asModel = new RequestIndex().TryRead(Encoding.UTF8.GetBytes($$"""{"model":"{{name}}",{{Messages}}}"""), out var modelError);
            var asProvider = new RequestIndex().TryRead(
                Encoding.UTF8.GetBytes($$"""{"model":"m","provider":"{{name}}",{{Messages}}}"""),
                out var providerError);

            Assert.That((asModel, asProvider), Is.EqualTo((accepted, accepted)));
            Assert.That((modelError.Field, providerError.Field), Is.EqualTo(accepted ? (null, null) : ("model", "provider")));
        }
    }

    [Test]
    public void A_fault_of_structure_counts_for_more_than_a_bad_member()
    {
        new RequestIndex().TryRead("""{"model":5,"a":1,"a":2}"""u8.ToArray(), out var error);

        Assert.That(error.Fault, Is.EqualTo(BodyFault.DuplicateKey));
    }

    [Test]
    public void A_refused_body_leaves_the_index_empty_and_reusable()
    {
        var index = Read("""{"model":"m","stream":true,"n":3,"provider":"p",""" + Messages + "}");

        index.TryRead("""{"model":"m2","n":99}"""u8.ToArray(), out _);
        Assert.That((index.Model, index.Stream, index.N, index.Provider, index.Body.Length), Is.EqualTo(("", false, 1, (string?)null, 0)));

        Assert.That(index.TryRead(Encoding.UTF8.GetBytes("""{"model":"m3",""" + Messages + "}"), out _));
        Assert.That((index.Model, index.N, index.MessageCount), Is.EqualTo(("m3", 1, 1)));
    }

    [Test]
    public void Indexing_allocates_the_same_for_1_KB_and_100_KB()
    {
        var small = Body(1_000);
        var large = Body(100_000);
        var index = new RequestIndex();

        Assert.That(Allocated(index, large), Is.EqualTo(Allocated(index, small)).And.LessThan(200));

        static byte[] Body(int size)
        {
            var message = """{"role":"user","c\u006fntent":"hello \n world, this is a message of about a hundred bytes in all, or so"}""";
            return Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{{string.Join(',', Enumerable.Repeat(message, size / message.Length))}}]}""");
        }

        static long Allocated(RequestIndex index, byte[] body)
        {
            for (var i = 0; i < 50; i++)
            {
                index.TryRead(body, out _);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            index.TryRead(body, out _);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static RequestIndex Read(string json)
    {
        var index = new RequestIndex();
        Assert.That(index.TryRead(Encoding.UTF8.GetBytes(json), out var error), error.Message);
        return index;
    }

    private static string Text(RequestIndex index, ByteRange range) => Encoding.UTF8.GetString(range.Of(index.Body.Span));
}
