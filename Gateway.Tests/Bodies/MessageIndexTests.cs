using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class MessageIndexTests
{
    [TestCase("""{"role":"system"}""", MessageKind.System)]
    [TestCase("""{"role":"developer","content":[{"type":"text"}]}""", MessageKind.System)]
    [TestCase("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}""", MessageKind.User)]
    [TestCase("""{"content":null,"tool_calls":null,"function_call":null,"role":"assistant"}""", MessageKind.Model)]
    [TestCase("""{"role":"assistant","tool_calls":[{"id":"a"}]}""", MessageKind.Calls)]
    [TestCase("""{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}""", MessageKind.Calls)]
    [TestCase("""{"role":"assistant","content":[{"type":"tool_use","id":"a","input":{"role":"user","type":"text"}}]}""", MessageKind.Calls)]
    [TestCase("""{"role":"assistant","content":[{"type":"server_tool_use","id":"a"},{"type":"web_search_tool_result","tool_use_id":"a"}]}""", MessageKind.Model)]
    [TestCase("""{"role":"tool","tool_call_id":"a"}""", MessageKind.Results)]
    [TestCase("""{"role":"user","content":[{"content":[{"type":"text"}],"tool_use_id":"a","type":"tool_result"}]}""", MessageKind.Results)]
    public void A_message_is_what_its_role_its_calls_and_its_blocks_make_it(string message, MessageKind kind)
    {
        using var index = new MessageIndex();

        Assert.That(Read(index, $"[{message}]"), Is.EqualTo(MessageFault.None));
        Assert.That(index.Messages[0].Kind, Is.EqualTo(kind));
        Assert.That(index.Marks.Length, Is.EqualTo(kind is MessageKind.Calls or MessageKind.Results ? 1 : 0));
    }

    [TestCase("""{"type":"reasoning"}""", MessageKind.Model)]
    [TestCase("""{"type":"file_search_call","id":"a"}""", MessageKind.Model)]
    [TestCase("""{"type":"mcp_list_tools","id":"a"}""", MessageKind.Model)]
    [TestCase("""{"call_id":"a","type":"function_call"}""", MessageKind.Calls)]
    [TestCase("""{"call_id":"a","type":"computer_call"}""", MessageKind.Calls)]
    [TestCase("""{"type":"computer_call_output","call_id":"a","output":{"type":"computer_screenshot"}}""", MessageKind.Results)]
    [TestCase("""{"role":"user","content":[{"type":"input_text","text":"x"}]}""", MessageKind.User)]
    [TestCase("""{"type":"message","role":"assistant","content":[]}""", MessageKind.Model)]
    public void An_item_of_the_Responses_format_is_what_its_type_says(string item, MessageKind kind)
    {
        using var index = new MessageIndex();

        Assert.That(Read(index, $"[{item}]", MessageFormat.Responses), Is.EqualTo(MessageFault.None));
        Assert.That(index.Messages[0].Kind, Is.EqualTo(kind));
    }

    [Test]
    public void Ranges_and_ids_are_found_behind_any_bytes_and_the_index_is_reusable()
    {
        const string first = """{ "role" : "assistant", "tool_calls" : [ { "id" : "a/1" , "x" : "]" }, {"id":"é"} ] }""";
        const string second = """{"tool_call_id":"é","role":"tool","content":"\"}],"}""";
        var body = Encoding.UTF8.GetBytes($$"""{"é":"[","messages": [ {{first}} , {{second}} ]}""");
        var start = body.AsSpan().IndexOf("[ {"u8);
        using var index = new MessageIndex();
        Read(index, """[{"role":"user"},{"role":"user"},{"role":"user"}]""");

        var fault = index.Read(body, new ByteRange(start, body.Length - start - 1), MessageFormat.Chat);

        Assert.That(fault, Is.EqualTo(MessageFault.None));
        Assert.That(Texts(body, index.Messages, static message => message.Value), Is.EqualTo(new[] { first, second }));
        Assert.That(Texts(body, index.Marks, static mark => mark.Id), Is.EqualTo(new[] { "a/1", "é", "é" }));
        Assert.That(index.Messages[0].CallCount, Is.EqualTo(2));
        Assert.That(index.Marks[2], Is.EqualTo(index.Marks[2] with { Message = 1, IsResult = true }));
    }

    [Test]
    public void An_absent_or_empty_array_has_no_messages()
    {
        using var index = new MessageIndex();

        Assert.That(index.Read("{}"u8, default, MessageFormat.Chat), Is.EqualTo(MessageFault.NotArray));
        Assert.That(Read(index, "[]"), Is.EqualTo(MessageFault.None));
        Assert.That(index.Messages.IsEmpty);
    }

    private static MessageFault Read(MessageIndex index, string array, MessageFormat format = MessageFormat.Chat)
    {
        var body = Encoding.UTF8.GetBytes(array);
        return index.Read(body, new ByteRange(0, body.Length), format);
    }

    private static string[] Texts<T>(byte[] body, ReadOnlySpan<T> items, Func<T, ByteRange> rangeOf) =>
        [.. items.ToArray().Select(item => Encoding.UTF8.GetString(rangeOf(item).Of(body)))];
}
