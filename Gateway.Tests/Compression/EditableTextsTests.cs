using System.Text;
using Gateway.Transforms.Compression;
using NUnit.Framework;

namespace Gateway.Tests.Compression;

[TestFixture]
public sealed class EditableTextsTests
{
    [Test]
    public void Only_instructions_and_answers_of_tools_are_found_in_a_chat() => Assert.That(Find("""
        {"model":"m","messages":[
          {"role":"system","content":"S1"},
          {"content":[{"type":"text","text":"S2"},{"type":"image_url","text":"no"},{"text":"S3","type":"text"}],"role":"developer"},
          {"role":"user","content":"no"},
          {"role":"assistant","content":"no","reasoning_content":"no","tool_calls":[{"function":{"arguments":"no","content":"no"}}]},
          {"role":"tool","tool_call_id":"no","content":"T1","name":"no"},
          {"role":"function","content":[{"type":"text","text":"T2"},{"type":"thinking","text":"no"},"no",7]},
          {"\u0072ole":"sys\u0074em","content":"S4"},
          {"role":"user","content":[{"type":"text","text":"no"}]}
        ],"tools":[{"function":{"description":"no","role":"system","content":"no"}}]}
        """), Is.EqualTo(new[] { "System prefix S1", "System prefix S2", "System prefix S3", "Tool T1", "Tool T2", "System S4" }));

    [Test]
    public void Only_instructions_and_answers_of_tools_are_found_in_the_responses_format() => Assert.That(Find("""
        {"model":"m","input":[
          {"role":"developer","content":[{"type":"input_text","text":"S1"}]},
          {"type":"message","role":"user","content":[{"type":"input_text","text":"no"}]},
          {"type":"reasoning","encrypted_content":"no","summary":[{"type":"summary_text","text":"no"}]},
          {"type":"function_call","arguments":"no","output":"no"},
          {"type":"function_call_output","call_id":"no","output":"T1"},
          {"output":[{"type":"input_text","text":"T2"}],"type":"function_call_output"},
          {"type":"message","role":"assistant","content":[{"type":"output_text","text":"no"}]}
        ],"instructions":"S0"}
        """), Is.EqualTo(new[] { "System prefix S1", "Tool T1", "Tool T2", "System prefix S0" }));

    [TestCase("""{"model":"m","messages":"system"}""")]
    [TestCase("""{"model":"m","messages":{"role":"system","content":"x"}}""")]
    [TestCase("""{"model":"m","messages":["x",1,null,[{"role":"tool","content":"x"}]]}""")]
    [TestCase("""{"model":"m","messages":[{"content":"x"},{"role":1,"content":"x"},{"role":"tool"},{"role":"tool","content":null},{"role":"tool","content":{"text":"x"}}]}""")]
    [TestCase("""{"model":"m","messages":[{"role":"tool","output":"x"},{"type":"function_call_output","content":"x"}]}""")]
    [TestCase("""{"model":"m","input":"x","instructions":["x"]}""")]
    [TestCase("""{"model":"m","metadata":{"messages":[{"role":"tool","content":"x"}]}}""")]
    public void Odd_messages_have_no_texts(string body) => Assert.That(Find(body), Is.Empty);

    private static string[] Find(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return [.. EditableTexts.Read(bytes).Select(text => $"{text.Role} {(text.IsPrefix ? "prefix " : "")}{Encoding.UTF8.GetString(text.Value.Of(bytes)).Trim('"')}")];
    }
}
