using System.Text;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class RequestKindsTests
{
    [TestCase("/v1/chat/completions", """ "messages":[{}] """, PromptShapes.Items)]
    [TestCase("/v1/messages", """ "messages":[{},{}] """, PromptShapes.Items)]
    [TestCase("/v1/completions", """ "prompt":"" """, PromptShapes.Text)]
    [TestCase("/v1/completions", """ "prompt":["a","b"] """, PromptShapes.Texts)]
    [TestCase("/v1/completions", """ "prompt":[1,2,3] """, PromptShapes.Tokens)]
    [TestCase("/v1/completions", """ "prompt":[[1,2],[3]] """, PromptShapes.TokenLists)]
    [TestCase("/v1/completions", """ "prompt":null """, PromptShapes.None)]
    [TestCase("/v1/completions", """ "x":1 """, PromptShapes.None)]
    [TestCase("/v1/responses", """ "input":"hi" """, PromptShapes.Text)]
    [TestCase("/v1/responses", """ "input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}] """, PromptShapes.Items)]
    [TestCase("/v1/responses", """ "input":[],"previous_response_id":"resp_1" """, PromptShapes.Items)]
    [TestCase("/v1/responses", """ "previous_response_id":"resp_1" """, PromptShapes.None)]
    [TestCase("/v1/responses", """ "prompt":{"id":"pmpt_1"} """, PromptShapes.None)]
    [TestCase("/v1/embeddings", """ "input":"hi" """, PromptShapes.Text)]
    [TestCase("/v1/embeddings", """ "input":["a","b"] """, PromptShapes.Texts)]
    [TestCase("/v1/embeddings", """ "input":[100257,2] """, PromptShapes.Tokens)]
    [TestCase("/v1/embeddings", """ "input":[[1],[2,3]] """, PromptShapes.TokenLists)]
    [TestCase("/v1/images/generations", """ "prompt":"a cat" """, PromptShapes.Text)]
    [TestCase("/v1/audio/speech", """ "input":"hi","voice":"alloy" """, PromptShapes.Text)]
    [TestCase("/v1/moderations", """ "input":"hi" """, PromptShapes.Text)]
    [TestCase("/v1/moderations", """ "input":["a","b"] """, PromptShapes.Texts)]
    [TestCase("/v1/moderations", """ "input":[{"type":"text","text":"a"}] """, PromptShapes.Items)]
    public void The_prompt_has_the_shapes_of_its_kind(string path, string members, PromptShapes shape) =>
        Assert.That(Read(path, members).PromptShape, Is.EqualTo(shape));

    [TestCase("/v1/messages", """ "x":1 """, "messages")]
    [TestCase("/v1/messages", """ "messages":[] """, "messages")]
    [TestCase("/v1/messages", """ "messages":[{},"a"] """, "messages")]
    [TestCase("/v1/completions", """ "prompt":5 """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":{} """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[{}] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":["a",1] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[1.5] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[-1] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[[1],["a"]] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[[1],[[2]]] """, "prompt")]
    [TestCase("/v1/completions", """ "prompt":[[1],2] """, "prompt")]
    [TestCase("/v1/responses", """ "x":1 """, "input")]
    [TestCase("/v1/responses", """ "input":null """, "input")]
    [TestCase("/v1/responses", """ "input":{} """, "input")]
    [TestCase("/v1/responses", """ "input":["a"] """, "input")]
    [TestCase("/v1/responses", """ "messages":[{}] """, "input")]
    [TestCase("/v1/embeddings", """ "x":1 """, "input")]
    [TestCase("/v1/embeddings", """ "input":[] """, "input")]
    [TestCase("/v1/embeddings", """ "input":[null] """, "input")]
    [TestCase("/v1/images/generations", """ "prompt":["a cat"] """, "prompt")]
    [TestCase("/v1/audio/speech", """ "input":["hi"] """, "input")]
    [TestCase("/v1/audio/speech", """ "x":1 """, "input")]
    [TestCase("/v1/moderations", """ "input":[] """, "input")]
    [TestCase("/v1/moderations", """ "input":[1] """, "input")]
    public void A_prompt_of_another_shape_is_refused_by_name(string path, string members, string field)
    {
        var error = Refuse(path, members);

        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, field)));
        Assert.That(error.Message, Does.StartWith(field).And.EndWith("."));
    }

    [TestCase("/v1/completions", "prompt", "\"a\"")]
    [TestCase("/v1/completions", "prompt", "[1]")]
    [TestCase("/v1/embeddings", "input", "\"a\"")]
    [TestCase("/v1/responses", "input", "{}")]
    [TestCase("/v1/moderations", "input", "\"a\"")]
    public void A_batch_has_at_most_2048_elements(string path, string field, string element)
    {
        Read(path, Batch(2_048));

        Assert.That(Refuse(path, Batch(2_049)).Message, Does.Contain("2048"));

        string Batch(int count) => $"\"{field}\":[{string.Join(',', Enumerable.Repeat(element, count))}]";
    }

    [Test]
    public void One_prompt_of_token_numbers_may_be_long()
    {
        var index = Read("/v1/embeddings", $"\"input\":[{string.Join(',', Enumerable.Range(0, 8_191))}]");

        Assert.That((index.PromptShape, index.PromptNumbers), Is.EqualTo((PromptShapes.Tokens, 8_191)));
    }

    [TestCase("\"prompt\":\"a\"", 1)]
    [TestCase("\"prompt\":\"a\",\"n\":2,\"best_of\":5", 5)]
    [TestCase("\"prompt\":[1,2,3],\"n\":2", 2)]
    [TestCase("\"prompt\":[\"a\",\"b\",\"c\"],\"n\":2", 6)]
    [TestCase("\"prompt\":[[1],[2]],\"best_of\":3", 6)]
    public void Choices_are_the_larger_of_n_and_best_of_for_each_prompt(string members, int choices) =>
        Assert.That(Read("/v1/completions", members).Choices, Is.EqualTo(choices));

    [TestCase("/v1/completions", "\"best_of\":17", "best_of")]
    [TestCase("/v1/completions", "\"best_of\":0", "best_of")]
    [TestCase("/v1/images/generations", "\"n\":11", "n")]
    [TestCase("/v1/images/generations", "\"prompt\":\"a\",\"quality\":1", "quality")]
    [TestCase("/v1/images/generations", "\"prompt\":\"a\",\"size\":\"\"", "size")]
    [TestCase("/v1/audio/speech", "\"input\":\"a\",\"stream_format\":\"chunks\"", "stream_format")]
    [TestCase("/v1/audio/speech", "\"input\":\"a\",\"instructions\":[]", "instructions")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"max_output_tokens\":0", "max_output_tokens")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"max_output_tokens\":2147483648", "max_output_tokens")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"previous_response_id\":7", "previous_response_id")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"store\":\"no\"", "store")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"prompt\":\"p\"", "prompt")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"instructions\":{}", "instructions")]
    [TestCase("/v1/messages", "\"messages\":[{}],\"system\":5", "system")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"background\":true", "background")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"background\":1", "background")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"conversation\":\"conv_1\"", "conversation")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"conversation\":{\"id\":\"conv_1\"}", "conversation")]
    public void A_member_that_cannot_be_served_is_refused_by_name(string path, string members, string field)
    {
        var error = Refuse(path, members);

        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, field)));
        Assert.That(error.Message, Does.Contain(field));
    }

    [Test]
    public void Members_of_responses_are_found()
    {
        var index = Read("/v1/responses", """
            "instructions":"be brief","input":[{"type":"message"},{}],"tools":[{}],"max_output_tokens":99,"previous_response_id":"resp_\u0061","store":false,
            "background":false,"conversation":null,"stream":true,"stream_options":{"include_obfuscation":false}
            """);

        Assert.Multiple(() =>
        {
            Assert.That((index.MaxOutputTokens, index.OutputLimit), Is.EqualTo((99L, 99L)));
            Assert.That((index.PreviousResponseId, index.Store, index.HasHiddenPrompt, index.Stream), Is.EqualTo(("resp_a", (bool?)false, true, true)));
            Assert.That(Text(index, index.InstructionsValue), Is.EqualTo("\"be brief\""));
            Assert.That(Text(index, index.InputValue), Is.EqualTo("""[{"type":"message"},{}]"""));
            Assert.That((index.ToolCount, index.MessageCount, index.HasStreamOptions), Is.EqualTo((1, 0, false)));
        });
    }

    [Test]
    public void Members_of_images_and_speech_are_found()
    {
        var image = Read("/v1/images/generations", """ "prompt":"a","n":10,"quality":"hd","size":"1024x1792","response_format":"b64_json" """);
        var speech = Read("/v1/audio/speech", """ "input":"a","instructions":"sadly","response_format":"mp3","stream_format":"sse" """);

        Assert.That((image.N, image.Choices, image.Quality, image.Size, image.ResponseFormat), Is.EqualTo((10, 10, "hd", "1024x1792", "b64_json")));
        Assert.That((speech.Stream, speech.StreamFormat, speech.ResponseFormat, speech.InstructionsValue.IsPresent), Is.EqualTo((true, "sse", "mp3", true)));
    }

    [TestCase("/v1/audio/speech", "\"input\":\"a\",\"stream_format\":\"audio\"")]
    [TestCase("/v1/audio/speech", "\"input\":\"a\",\"stream\":true")]
    [TestCase("/v1/embeddings", "\"input\":\"a\",\"stream\":true")]
    [TestCase("/v1/moderations", "\"input\":\"a\",\"stream\":true")]
    public void An_api_without_streams_has_none(string path, string members) => Assert.That(Read(path, members).Stream, Is.False);

    [Test]
    public void A_limit_that_the_api_does_not_know_bounds_nothing()
    {
        Assert.That(Read("/v1/chat/completions", "\"messages\":[{}],\"max_output_tokens\":5").OutputLimit, Is.Null);
        Assert.That(Read("/v1/responses", "\"input\":\"a\",\"max_tokens\":5,\"n\":\"many\"").OutputLimit, Is.Null);
        Assert.That(Read("/v1/completions", "\"prompt\":\"a\",\"max_tokens\":5,\"max_completion_tokens\":9").OutputLimit, Is.EqualTo(5));
    }

    [TestCase("/v1/completions", "\"prompt\":\"a\"", ",\"max_tokens\":100")]
    [TestCase("/v1/messages", "\"messages\":[{}]", ",\"max_tokens\":100")]
    [TestCase("/v1/responses", "\"input\":\"a\"", ",\"max_output_tokens\":100")]
    [TestCase("/v1/embeddings", "\"input\":\"a\"", "")]
    [TestCase("/v1/images/generations", "\"prompt\":\"a\"", "")]
    [TestCase("/v1/audio/speech", "\"input\":\"a\"", "")]
    public void A_limit_is_added_as_the_member_that_the_api_knows(string path, string members, string added)
    {
        var edited = Edit(path, members, static (index, splice) => RequestEdits.CapOutputTokens(index, splice, 100));

        Assert.That(edited, Is.EqualTo($$"""{"model":"m",{{members}}{{added}}}"""));
    }

    [TestCase("101", "100")]
    [TestCase("null", "100")]
    [TestCase("99", "99")]
    public void Max_output_tokens_is_lowered_and_never_raised(string limit, string sent) =>
        Assert.That(
            Edit("/v1/responses", $"\"input\":\"a\",\"max_output_tokens\":{limit}", static (index, splice) => RequestEdits.CapOutputTokens(index, splice, 100)),
            Is.EqualTo($$"""{"model":"m","input":"a","max_output_tokens":{{sent}}}"""));

    [TestCase("/v1/completions", "\"prompt\":\"a\",\"stream\":true", ",\"stream_options\":{\"include_usage\":true}")]
    [TestCase("/v1/responses", "\"input\":\"a\",\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}", "")]
    [TestCase("/v1/messages", "\"messages\":[{}],\"stream\":true", "")]
    [TestCase("/v1/images/generations", "\"prompt\":\"a\",\"stream\":true", "")]
    public void Usage_is_asked_for_where_the_api_knows_the_option(string path, string members, string added) =>
        Assert.That(Edit(path, members, RequestEdits.IncludeUsage), Is.EqualTo($$"""{"model":"m",{{members}}{{added}}}"""));

    [Test]
    public void An_index_reads_one_kind_after_another()
    {
        var index = new RequestIndex { Kind = CallKind.Completion };
        Assert.That(index.TryRead("""{"model":"m","prompt":[[1],[2]],"best_of":3}"""u8.ToArray(), out _));

        index.Kind = CallKind.Responses;
        Assert.That(index.TryRead("""{"model":"m","input":"a"}"""u8.ToArray(), out _));

        Assert.That((index.PromptShape, index.PromptNumbers, index.Choices, index.PromptValue.IsPresent), Is.EqualTo((PromptShapes.Text, 0, 1, false)));
    }

    [TestCase("/v1/completions", "prompt", "\"a b c\"")]
    [TestCase("/v1/embeddings", "input", "[1,2,3]")]
    [TestCase("/v1/responses", "input", "{\"type\":\"message\"}")]
    public void Indexing_a_long_batch_allocates_no_more_than_a_short_one(string path, string field, string element)
    {
        var index = new RequestIndex { Kind = Kind(path) };

        Assert.That(Allocated(Body(2_000)), Is.EqualTo(Allocated(Body(2))).And.LessThan(200));

        byte[] Body(int count) => Encoding.UTF8.GetBytes($$"""{"model":"m","{{field}}":[{{string.Join(',', Enumerable.Repeat(element, count))}}]}""");

        long Allocated(byte[] body)
        {
            for (var i = 0; i < 50; i++)
                index.TryRead(body, out _);
            var before = GC.GetAllocatedBytesForCurrentThread();
            index.TryRead(body, out _);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static CallKind Kind(string path) => CallKind.All.Single(kind => string.Equals(kind.Path, path, StringComparison.Ordinal));

    private static RequestIndex Read(string path, string members)
    {
        var index = new RequestIndex { Kind = Kind(path) };
        Assert.That(index.TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m",{{members}}}"""), out var error), error.Message);
        return index;
    }

    private static BodyError Refuse(string path, string members)
    {
        var accepted = new RequestIndex { Kind = Kind(path) }.TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m",{{members}}}"""), out var error);
        Assert.That(accepted, Is.False);
        return error;
    }

    private static string Edit(string path, string members, Action<RequestIndex, BodySplice> edit)
    {
        var index = Read(path, members);
        var splice = new BodySplice();
        edit(index, splice);
        var output = new byte[splice.OutputLength(index.Body.Length)];
        splice.WriteTo(index.Body.Span, output);
        return Encoding.UTF8.GetString(output);
    }

    private static string Text(RequestIndex index, ByteRange range) => Encoding.UTF8.GetString(range.Of(index.Body.Span));
}
