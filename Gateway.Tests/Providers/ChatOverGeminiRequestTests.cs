using System.Text.Json.Nodes;
using Gateway.Tests.Bodies;
using Gateway.Transforms.Providers.Gemini;
using NUnit.Framework;

namespace Gateway.Tests.Providers;

/// <summary>Fields: https://ai.google.dev/api/generate-content and https://ai.google.dev/api/caching.</summary>
public sealed class ChatOverGeminiRequestTests
{
    private static readonly ChatOverGemini Translation = new();

    [Test]
    public void A_conversation_becomes_instructions_and_turns()
    {
        var request = Translated.Request(Translation, """
            {"model":"m","messages":[{"role":"system","content":"Be \u00e9."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},
            {"role":"developer","content":[{"type":"text","text":"Short."}]},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}
            """);

        AssertJson(request["systemInstruction"], """{"parts":[{"text":"Be é."},{"text":"Short."}]}""");
        AssertJson(request["contents"], """
            [{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hello"}]},{"role":"user","parts":[{"text":"a"},{"text":"b"}]}]
            """);
        AssertJson(request["generationConfig"], """{"maxOutputTokens":8192}""");
    }

    [Test]
    public void Calls_and_their_results_meet_by_name_and_results_side_by_side_are_one_turn()
    {
        var request = Translated.Request(Translation, """
            {"model":"m","messages":[{"role":"user","content":"Weather?"},
            {"role":"assistant","content":null,"tool_calls":[
              {"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Paris\", \"days\": 1.50}"},"extra_content":{"google":{"thought_signature":"c2ln"}}},
              {"id":"c2","type":"function","function":{"name":"time","arguments":""}}]},
            {"role":"tool","tool_call_id":"c2","content":"12:00"},
            {"role":"tool","tool_call_id":"c1","content":"{\"celsius\":20.0}"},
            {"role":"user","content":"And?"}]}
            """);

        Assert.That(request["contents"]!.ToJsonString(), Does.Contain("1.50").And.Contain("20.0"), "numbers keep their spelling");
        AssertJson(request["contents"], """
            [{"role":"user","parts":[{"text":"Weather?"}]},
             {"role":"model","parts":[{"functionCall":{"id":"c1","name":"weather","args":{"city":"Paris","days":1.50}},"thoughtSignature":"c2ln"},
                                      {"functionCall":{"id":"c2","name":"time","args":{}}}]},
             {"role":"user","parts":[{"functionResponse":{"id":"c2","name":"time","response":{"output":"12:00"}}},
                                     {"functionResponse":{"id":"c1","name":"weather","response":{"celsius":20.0}}}]},
             {"role":"user","parts":[{"text":"And?"}]}]
            """);
    }

    [TestCase("gemini-2.5-pro", null)]
    [TestCase("gemini-3-pro-preview", "skip_thought_signature_validator")]
    public void A_call_that_another_model_made_carries_a_stand_in_where_a_signature_is_demanded(string model, string? signature)
    {
        var request = Translated.Request(Translation, """
            {"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},
            {"id":"b","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}]}
            """, Translated.Target(model));

        var parts = request["contents"]![1]!["parts"]!;
        Assert.That(((string?)parts[0]!["thoughtSignature"], (string?)parts[1]!["thoughtSignature"]), Is.EqualTo((signature, default(string))));
    }

    [Test]
    public void Media_goes_inline_or_by_address()
    {
        var request = Translated.Request(Translation, """
            {"model":"m","messages":[{"role":"user","content":[
              {"type":"image_url","image_url":{"url":"data:image\/png;base64,aGk=","detail":"high"}},
              {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
              {"type":"input_audio","input_audio":{"data":"aGk=","format":"wav"}},
              {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,aGk="}}]}]}
            """);

        AssertJson(request["contents"]![0]!["parts"], """
            [{"inlineData":{"mimeType":"image/png","data":"aGk="}},{"fileData":{"fileUri":"https://example.com/a.png"}},
             {"inlineData":{"mimeType":"audio/wav","data":"aGk="}},{"inlineData":{"mimeType":"application/pdf","data":"aGk="}}]
            """);
    }

    [Test]
    public void Tools_keep_their_schema_and_lose_the_name_of_its_dialect()
    {
        var request = Translated.Request(Translation, """
            {"model":"m","messages":[{"role":"user","content":"?"}],"tools":[
              {"type":"function","function":{"name":"f","description":"d","strict":true,
               "parameters":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":"number","minimum":1.0}},"additionalProperties":false}}},
              {"type":"function","function":{"name":"g","parameters":{}}}],"tool_choice":"required"}
            """);

        AssertJson(request["tools"], """
            [{"functionDeclarations":[{"name":"f","description":"d",
              "parametersJsonSchema":{"type":"object","properties":{"a":{"type":"number","minimum":1.0}},"additionalProperties":false}},{"name":"g"}]}]
            """);
        AssertJson(request["toolConfig"], """{"functionCallingConfig":{"mode":"ANY"}}""");
    }

    [TestCase("\"auto\"", """{"mode":"AUTO"}""")]
    [TestCase("\"none\"", """{"mode":"NONE"}""")]
    [TestCase("""{"type":"function","function":{"name":"f"}}""", """{"mode":"ANY","allowedFunctionNames":["f"]}""")]
    [TestCase("""{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}}""", """{"mode":"ANY","allowedFunctionNames":["f"]}""")]
    public void Choices_among_tools_have_words(string choice, string expected)
    {
        var request = Translated.Request(
            Translation, $$$"""{"model":"m","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{{{choice}}}}""");

        AssertJson(request["toolConfig"]!["functionCallingConfig"], expected);
    }

    [Test]
    public void Settings_keep_the_spelling_of_their_numbers()
    {
        var written = Translated.TryRequest(Translation, """
            {"model":"m","messages":[{"role":"user","content":"?"}],"temperature":0.70,"top_p":1E-1,"n":3,"stop":["a","b\n"],"seed":7,"presence_penalty":0.0,
            "frequency_penalty":-1.50,"max_completion_tokens":50,"max_tokens":60,"user":"u","metadata":{"a":"b"},"store":true,"logprobs":false,"logit_bias":{},"stream":true,
            "stream_options":{"include_usage":true},"service_tier":"auto","parallel_tool_calls":true,"modalities":["text"],"tools":null}
            """, Translated.Target(outputLimit: 40), out _);

        Assert.That(written, Does.EndWith(
            "\"generationConfig\":{\"maxOutputTokens\":40,\"candidateCount\":3,\"temperature\":0.70,\"topP\":1E-1,\"presencePenalty\":0.0,\"frequencyPenalty\":-1.50,\"seed\":7,"
            + "\"stopSequences\":[\"a\",\"b\\n\"]}}"));
    }

    [TestCase("\"x\":1", null, 8_192, 8_192)]
    [TestCase("\"max_tokens\":9", null, 8_192, 9)]
    [TestCase("\"max_tokens\":9,\"max_completion_tokens\":8", 100L, 8_192, 8)]
    [TestCase("\"max_tokens\":9", 5L, 8_192, 5)]
    [TestCase("\"max_tokens\":null", 5L, 8_192, 5)]
    public void The_smallest_limit_holds(string fields, long? limit, long standard, long expected)
    {
        var request = Translated.Request(
            Translation, $$"""{"model":"m","messages":[{"role":"user","content":"?"}],{{fields.Replace("\"x\":1", "\"user\":\"u\"")}}}""",
            Translated.Target(outputLimit: limit, defaultOutputLimit: standard));

        Assert.That((long)request["generationConfig"]!["maxOutputTokens"]!, Is.EqualTo(expected));
    }

    [TestCase("""{"type":"text"}""", "{}")]
    [TestCase("""{"type":"json_object"}""", """{"responseMimeType":"application/json"}""")]
    [TestCase("""{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object","$schema":"s"}}}""",
        """{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}""")]
    public void Formats_of_the_answer_are_said(string format, string expected)
    {
        var request = Translated.Request(
            Translation, $$"""{"model":"m","messages":[{"role":"user","content":"?"}],"response_format":{{format}}}""", Translated.Target(defaultOutputLimit: 0));

        AssertJson(request["generationConfig"], expected);
    }

    [TestCase("gemini-2.5-flash", "none", """{"thinkingBudget":0}""")]
    [TestCase("gemini-2.5-flash", "low", """{"thinkingBudget":1024}""")]
    [TestCase("gemini-2.5-pro", "medium", """{"thinkingBudget":8192}""")]
    [TestCase("gemini-2.5-pro", "high", """{"thinkingBudget":24576}""")]
    [TestCase("gemini-3-flash-preview", "minimal", """{"thinkingLevel":"minimal"}""")]
    [TestCase("gemini-3-pro-preview", "high", """{"thinkingLevel":"high"}""")]
    public void Effort_is_a_budget_before_Gemini_3_and_a_level_since(string model, string effort, string expected)
    {
        var request = Translated.Request(
            Translation, $$"""{"model":"m","messages":[{"role":"user","content":"?"}],"reasoning_effort":"{{effort}}"}""", Translated.Target(model));

        AssertJson(request["generationConfig"]!["thinkingConfig"], expected);
    }

    [TestCase("\"n\":9", "n")]
    [TestCase("\"logprobs\":true", "logprobs")]
    [TestCase("\"logit_bias\":{\"1\":2}", "logit_bias")]
    [TestCase("\"seed\":9223372036854775807", "seed")]
    [TestCase("\"seed\":1.5", "seed")]
    [TestCase("\"temperature\":\"1\"", "temperature")]
    [TestCase("\"stop\":[1]", "stop")]
    [TestCase("\"reasoning_effort\":\"xhigh\"", "reasoning_effort")]
    [TestCase("\"reasoning_effort\":1", "reasoning_effort")]
    [TestCase("\"response_format\":{\"type\":\"grammar\"}", "response_format")]
    [TestCase("\"response_format\":{\"type\":\"json_schema\"}", "response_format")]
    [TestCase("\"response_format\":\"json\"", "response_format")]
    [TestCase("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]", "tools")]
    [TestCase("\"tools\":[1]", "tools")]
    [TestCase("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]", "tools")]
    [TestCase("\"tool_choice\":\"required\"", "tool_choice")]
    [TestCase("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}", "tool_choice")]
    [TestCase("\"parallel_tool_calls\":false", "parallel_tool_calls")]
    [TestCase("\"modalities\":[\"text\",\"audio\"]", "modalities")]
    [TestCase("\"web_search_options\":{}", "web_search_options")]
    [TestCase("\"functions\":[]", "functions")]
    [TestCase("\"made_up\":1", "made_up")]
    public void What_has_no_counterpart_is_refused_by_name(string fields, string field)
    {
        var written = Translated.TryRequest(Translation, $$"""{"model":"m","messages":[{"role":"user","content":"?"}],{{fields}}}""", target: null, out var error);

        Assert.That((written, error.Field), Is.EqualTo((default(string), field)));
        Assert.That(error.Message, Does.StartWith(field));
    }

    [TestCase("""{"role":"system","content":"only"}""", "messages")]
    [TestCase("""{"role":"user"}""", "messages[0].content")]
    [TestCase("""{"role":"user","content":[]}""", "messages[0].content")]
    [TestCase("""{"role":"user","content":[1]}""", "messages[0].content[0]")]
    [TestCase("""{"role":"bard","content":"x"}""", "messages[0].role")]
    [TestCase("""{"content":"x"}""", "messages[0].role")]
    [TestCase("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://example.com/a.png"}}]}""", "messages[0].content[0].image_url.url")]
    [TestCase("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,#"}}]}""", "messages[0].content[0].image_url.url")]
    [TestCase("""{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}""", "messages[0].content[0]")]
    [TestCase("""{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"aGk=","format":"ogg"}}]}""", "messages[0].content[0].input_audio")]
    [TestCase("""{"role":"tool","tool_call_id":"x","content":"1"}""", "messages[0].tool_call_id")]
    [TestCase("""{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"[1]"}}]}""", "messages[0].tool_calls[0].function.arguments")]
    [TestCase("""{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{"}}]}""", "messages[0].tool_calls[0].function.arguments")]
    [TestCase("""{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}""", "messages[0].tool_calls[0]")]
    [TestCase("""{"role":"assistant","tool_calls":{}}""", "messages[0].tool_calls")]
    [TestCase("""{"role":"assistant","content":"x","function_call":{"name":"f"}}""", "messages[0]")]
    public void A_message_that_cannot_be_said_is_refused_by_its_place(string message, string place)
    {
        var written = Translated.TryRequest(Translation, $$"""{"model":"m","messages":[{{message}}]}""", target: null, out var error);

        Assert.That((written, error.Field), Is.EqualTo((default(string), "messages")));
        Assert.That(error.Message, Does.StartWith(place + " "));
    }

    [Test]
    public void Requests_of_any_shape_are_written_as_JSON_or_refused()
    {
        var written = 0;
        for (var seed = 0; seed < 3_000; seed++)
        {
            var json = new RandomJson(seed);
            var parts = $$"""[{"type":"text","text":{{json.Text()}}},{{json.Value()}}]""";
            var content = json.Random.Next(3) switch { 0 => json.Text(), 1 => parts, _ => json.Value() };
            var fields = new List<(string, string)> { ("model", "\"m\""), ("messages", $$"""[{"role":"user","content":{{content}}},{"role":"assistant","content":{{json.Text()}}}]""") };
            foreach (var name in new[] { "temperature", "stop", "tools", "tool_choice", "response_format", "user", "metadata", "reasoning_effort" })
            {
                if (json.Random.Next(6) == 0)
                    fields.Add((name, name is "user" ? json.Text() : name is "tools" ? "[" + json.Value() + "]" : json.Value()));
            }

            var body = json.Object(fields);
            var request = Translated.TryRequest(Translation, body, target: null, out var error);

            if (request is null)
                Assert.That(error.Field, Is.Not.Null, body);
            else
                Assert.That(JsonNode.Parse(request)!["contents"]!.AsArray(), Is.Not.Empty, body);
            written += request is null ? 0 : 1;
        }

        Assert.That(written, Is.GreaterThan(300), "the generator makes requests that can be written, too");
    }

    private static void AssertJson(JsonNode? actual, string expected) =>
        Assert.That(JsonNode.DeepEquals(actual, JsonNode.Parse(expected)), Is.True, () => $"{actual?.ToJsonString()} is not {expected}");
}
