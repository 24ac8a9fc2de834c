using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

/// <summary>Conversations are written a letter a message: s system, d developer, u user, a assistant, c a call, r its result; a number is the call's id.</summary>
public class ContextTrimTests
{
    [TestCase("s u a u a u", 5, "0 1 2 3 4 5")]
    [TestCase("s u a u a u", 4, "0 3 4 5")]
    [TestCase("s u a u a u", 3, "0 3 4 5")]
    [TestCase("s u a u a u", 2, "0 5")]
    [TestCase("s u a u a u", 1, "0 5")]
    [TestCase("s u a d u a s u", 2, "0 3 6 7")]
    [TestCase("u a u a u a", 1, "4 5")]
    public void The_oldest_go_up_to_the_message_of_a_user_and_the_system_stays_in_place(string conversation, int maxMessages, string left) =>
        Assert.That(Trim(conversation, maxMessages).At(), Is.EqualTo(left));

    [Test]
    public void The_cut_stands_still_for_a_quarter_of_the_limit()
    {
        var firsts = Enumerable.Range(0, 14).Select(more =>
        {
            var conversation = string.Join(' ', Enumerable.Range(0, 20 + more).Select(static i => i % 2 == 0 ? "u" : "a"));
            return int.Parse(Trim(conversation, 16).At().Split(' ')[0]);
        });

        Assert.That(firsts, Is.EqualTo(new[] { 4, 8, 8, 8, 8, 12, 12, 12, 12, 16, 16, 16, 16, 20 }));
    }

    [TestCase("u c1 r1 u c2 r2 a u", 5, "3 4 5 6 7")]
    [TestCase("u c1 r1 u c2 r2 a u", 4, "7")]
    [TestCase("u c1c2 r2 r1 a u a", 5, "5 6")]
    public void A_call_and_its_results_stay_or_go_together(string conversation, int maxMessages, string left) =>
        Assert.That(Trim(conversation, maxMessages).At(), Is.EqualTo(left));

    [TestCase("u a u c1 r1 c2 r2 c3 r3 c4 r4", 7, "2 5 6 7 8 9 10", false)]
    [TestCase("u a u c1 r1 c2 r2 c3 r3 c4 r4", 2, "2 9 10", true)]
    [TestCase("u a u c1 r1 c2 r2 a c3 r3 a", 5, "2 7 8 9 10", false)]
    [TestCase("u c1c2c3 r1 r2 r3", 2, "0 1 2 3 4", true)]
    [TestCase("u a u c1 r1 c2", 1, "2 5", true)]
    public void In_a_tool_loop_that_is_too_long_the_oldest_groups_go_but_never_the_newest(string conversation, int maxMessages, string left, bool isOver)
    {
        var trimmed = Trim(conversation, maxMessages);

        Assert.That(trimmed.At(), Is.EqualTo(left));
        Assert.That(trimmed.Outcome.IsOverLimit, Is.EqualTo(isOver));
    }

    [Test]
    public void Signed_thinking_of_the_current_turn_stays_and_that_of_earlier_turns_goes()
    {
        const string thinking = """{"type":"thinking","thinking":"…","signature":"c2ln"}""";
        var trimmed = Trimmed.Of(
            Body(
                """{"at":0,"role":"user","content":"x"}""",
                $$"""{"at":1,"role":"assistant","content":[{{thinking}},{"type":"tool_use","id":"a"}]}""",
                """{"at":2,"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}""",
                """{"at":3,"role":"user","content":"y"}""",
                $$"""{"at":4,"role":"assistant","content":[{{thinking}},{"type":"tool_use","id":"b"}]}""",
                """{"at":5,"role":"user","content":[{"type":"tool_result","tool_use_id":"b"}]}""",
                """{"at":6,"role":"assistant","content":[{"type":"tool_use","id":"c"}]}""",
                """{"at":7,"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}""",
                """{"at":8,"role":"assistant","content":[{"type":"tool_use","id":"d"}]}""",
                """{"at":9,"role":"user","content":[{"type":"tool_result","tool_use_id":"d"}]}"""),
            maxMessages: 2);

        Assert.That(trimmed.At(), Is.EqualTo("3 4 5 8 9"));
        Assert.That(trimmed.Outcome.IsOverLimit);
    }

    [Test]
    public void Words_of_the_user_beside_a_tool_result_are_never_dropped_from_the_current_turn()
    {
        var trimmed = Trimmed.Of(
            Body(
                """{"at":0,"role":"user","content":"x"}""",
                """{"at":1,"role":"assistant","content":[{"type":"tool_use","id":"a"}]}""",
                """{"at":2,"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},{"type":"text","text":"and mind the gap"}]}""",
                """{"at":3,"role":"assistant","content":[{"type":"tool_use","id":"b"}]}""",
                """{"at":4,"role":"user","content":[{"type":"tool_result","tool_use_id":"b"}]}""",
                """{"at":5,"role":"assistant","content":[{"type":"tool_use","id":"c"}]}""",
                """{"at":6,"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}"""),
            maxMessages: 5);

        Assert.That(trimmed.At(), Is.EqualTo("0 1 2 5 6"));
    }

    [Test]
    public void Reasoning_goes_with_the_calls_that_it_led_to()
    {
        const string body = """
            {"input":[{"at":0,"role":"user","content":"x"},
            {"at":1,"type":"reasoning","id":"rs_1"},{"at":2,"type":"function_call","call_id":"a"},{"at":3,"type":"custom_tool_call","call_id":"b"},
            {"at":4,"type":"custom_tool_call_output","call_id":"b"},{"at":5,"type":"function_call_output","call_id":"a"},
            {"at":6,"type":"reasoning","id":"rs_2"},{"at":7,"type":"web_search_call","id":"ws_1"},{"at":8,"type":"message","role":"assistant","content":[]},
            {"at":9,"type":"reasoning","id":"rs_3"},{"at":10,"type":"mcp_approval_request","id":"c"},{"at":11,"type":"mcp_approval_response","approval_request_id":"c"}]}
            """;

        var trimmed = Trimmed.Of(body, maxMessages: 11, MessageFormat.Responses);

        Assert.That(trimmed.At(), Is.EqualTo("0 6 7 8 9 10 11"));
    }

    [Test]
    public void Calls_that_nobody_answered_are_swept_after_the_cut_but_not_from_the_current_turn()
    {
        var trimmed = Trim("u a u c1c2 r1 u a c3", 7);

        Assert.That(trimmed.At(), Is.EqualTo("2 5 6 7"));
        Assert.That(trimmed.Outcome, Is.EqualTo(trimmed.Outcome with { Dropped = 4, Kept = 4, Orphans = 2, IsOverLimit = false, Skipped = null }));
    }

    [Test]
    public void Calls_that_get_an_answer_in_the_current_turn_are_not_swept() =>
        Assert.That(Trim("u a u c1c2c3 r1 u r2", 5).At(), Is.EqualTo("2 3 4 5 6"));

    [Test]
    public void Results_that_come_after_a_later_message_of_the_user_go_with_their_call()
    {
        var trimmed = Trim("u c1 u r1 a u a", 5);

        Assert.That(trimmed.At(), Is.EqualTo("2 4 5 6"));
        Assert.That(trimmed.Outcome.Orphans, Is.EqualTo(1));
    }

    [Test]
    public void A_late_result_in_the_current_turn_is_not_cut_from_its_call() => Trim("u c1 a u r1", 3).StepsAside("a tool result came late");

    [Test]
    public void Nothing_is_swept_from_a_conversation_within_the_limit()
    {
        var trimmed = Trim("u c1c2 r1 u", 4);

        Assert.That(trimmed.IsUntouched);
        Assert.That(trimmed.Outcome, Is.EqualTo(trimmed.Outcome with { Dropped = 0, Kept = 4, Orphans = 0, IsOverLimit = false, Skipped = null }));
    }

    [TestCase("c1 r1 c2 r2 c3 r3", 3, "4 5", false)]
    [TestCase("a a a a", 3, "0 1 2 3", true)]
    public void Without_a_user_only_tool_groups_go(string conversation, int maxMessages, string left, bool isOver)
    {
        var trimmed = Trim(conversation, maxMessages);

        Assert.That(trimmed.At(), Is.EqualTo(left));
        Assert.That(trimmed.Outcome.IsOverLimit, Is.EqualTo(isOver));
    }

    [Test]
    public void System_messages_alone_are_nothing_to_trim()
    {
        var trimmed = Trim("s d s s", 1);

        Assert.That(trimmed.IsUntouched);
        Assert.That(trimmed.Outcome.Kept, Is.Zero);
    }

    [Test]
    public void An_id_that_is_used_in_every_turn_means_its_newest_call() =>
        Assert.That(Trim("u c1 r1 u c1 r1 u c1 r1 u", 4).At(), Is.EqualTo("6 7 8 9"));

    [TestCase("\"tool_call_id\":\"\",")]
    [TestCase("\"tool_call_id\":null,")]
    [TestCase("\"tool_call_id\":7,")]
    [TestCase("")]
    public void Results_without_an_id_belong_to_the_calls_just_before_them(string id)
    {
        const string calls = """{"at":1,"role":"assistant","content":null,"tool_calls":[{"id":""},{"id":null}]}""";
        var result = $$"""{"at":2,"role":"tool",{{id}}"content":"x"}""";

        var trimmed = Trimmed.Of(Body(User, calls, result, result, User, calls, result, result), maxMessages: 4);

        Assert.That(trimmed.At(), Is.EqualTo("0 1 2 2"));
    }

    [Test]
    public void Functions_of_the_first_format_pair_by_their_place()
    {
        const string call = """{"at":1,"role":"assistant","content":null,"function_call":{"name":"f"}}""";
        const string result = """{"at":2,"role":"function","name":"f","content":"x"}""";

        Assert.That(Trimmed.Of(Body(User, call, result, User, call, result), maxMessages: 3).At(), Is.EqualTo("0 1 2"));
        Trimmed.Of(Body(User, User, result), maxMessages: 1).StepsAside("a tool result has no call");
    }

    [Test]
    public void Members_stand_in_any_order_and_are_spelled_with_escapes()
    {
        const string result = """{ "at":2, "tool_call_id":"a", "content":"x" , "r\u006fle" : "to\u006fl" }""";
        const string call = """{"at":1,"tool_calls":[{"function":{"id":"no","arguments":"[]{}\"role\""},"id":"a"}],"content":null,"role":"assistant"}""";

        var trimmed = Trimmed.Of(Body(User, call, result, User, call, result), maxMessages: 3);

        Assert.That(trimmed.Messages(), Is.EqualTo(new[] { User, call, result }));
    }

    [TestCase("""{"x":1}""", "the messages are no array")]
    [TestCase("""{"messages":null}""", "the messages are no array")]
    [TestCase("""{"messages":{"role":"user"}}""", "the messages are no array")]
    [TestCase("""{"messages":"hello"}""", "the messages are no array")]
    [TestCase("""{"messages":[{"role":"user"},1]}""", "a message is no object")]
    [TestCase("""{"messages":[{"content":"x"}]}""", "a message has no role")]
    [TestCase("""{"messages":[{"role":null}]}""", "a message has no role")]
    [TestCase("""{"messages":[{"role":["user"]}]}""", "a message has no role")]
    [TestCase("""{"messages":[{"role":"critic"}]}""", "a message is of an unknown kind")]
    [TestCase("""{"messages":[{"role":"assistant","tool_calls":{}}]}""", "tool calls of an unknown shape")]
    [TestCase("""{"messages":[{"role":"assistant","tool_calls":[1]}]}""", "tool calls of an unknown shape")]
    [TestCase("""{"messages":[{"role":"user","tool_calls":[{"id":"a"}]}]}""", "tool calls of an unknown shape")]
    [TestCase("""{"messages":[{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]}]}""", "tool calls of an unknown shape")]
    [TestCase("""{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a"}],"tool_calls":[{"id":"a"}]}]}""", "tool calls of an unknown shape")]
    [TestCase("""{"messages":[{"role":"assistant","function_call":{},"tool_calls":[{"id":"a"}]}]}""", "tool calls of an unknown shape")]
    public void A_body_that_is_not_understood_is_left_alone_with_a_reason(string body, string reason) => Trimmed.Of(body, 1).StepsAside(reason);

    [TestCase("""{"input":"hello"}""", "the messages are no array")]
    [TestCase("""{"input":[{"type":"item_reference","id":"x"}]}""", "a message is of an unknown kind")]
    [TestCase("""{"input":[{"type":"function_call"}]}""", "a message is of an unknown kind")]
    [TestCase("""{"input":[{"id":"x"}]}""", "a message has no role")]
    [TestCase("""{"input":[{"role":"tool"}]}""", "a message is of an unknown kind")]
    [TestCase("""{"input":[{"role":"user"},{"role":"user"},{"type":"function_call_output","call_id":"a"}]}""", "a tool result has no call")]
    public void Items_that_are_not_understood_are_left_alone_with_a_reason(string body, string reason) =>
        Trimmed.Of(body, 1, MessageFormat.Responses).StepsAside(reason);

    [TestCase("u r1 u a")]
    [TestCase("u c1 r1 r2 u a")]
    [TestCase("u c1 r2 u a c2")]
    public void Results_without_a_call_before_them_make_it_step_aside(string conversation) => Trim(conversation, 1).StepsAside("a tool result has no call");

    [TestCase(" [ {0} ] ", "0 1", " [ {0} ] ")]
    [TestCase("[{0}\n\t]", "0", "[{0}\n\t]")]
    public void Removed_messages_take_one_comma_each_and_no_other_byte(string frame, string separators, string expected)
    {
        const string head = """{ "model" : "m","messages":""";
        string[] between = [" , ", ",", "\n,\n"];
        var all = new StringBuilder(User);
        foreach (var digit in separators.Split(' '))
        {
            all.Append(between[int.Parse(digit)]).Append("""{"role":"assistant","content":"ü😀"}""").Append(" ,  ").Append(User);
        }

        var trimmed = Trimmed.Of(head + frame.Replace("{0}", all.ToString(), StringComparison.Ordinal) + "}", maxMessages: 1);

        Assert.That(trimmed.Body, Is.EqualTo(head + expected.Replace("{0}", User, StringComparison.Ordinal) + "}"));
    }

    [Test]
    public void Two_thousand_messages_with_calls_in_parallel_are_trimmed_to_the_limit()
    {
        var turns = string.Join(' ', Enumerable.Range(0, RequestIndex.MaxMessages / 4).Select(static i => $"u c{i}cx{i} r{i} rx{i}"));

        var trimmed = Trim(turns, 100);

        // 1,948 too many are 1,950 in steps of 25, and the next turn starts at 1,952.
        Assert.That(trimmed.Messages(), Has.Length.EqualTo(96));
        Assert.That(trimmed.Outcome.Dropped, Is.EqualTo(1_952));
    }

    [TestCase(MessageIndex.MaxMessages, false)]
    [TestCase(MessageIndex.MaxMessages + 1, true)]
    public void More_messages_than_any_conversation_has_make_it_step_aside(int count, bool stepsAside)
    {
        var trimmed = Trimmed.Of(Body([.. Enumerable.Repeat(User, count)]), 10_000);

        Assert.That(trimmed.Outcome.Skipped, Is.EqualTo(stepsAside ? "too many messages" : null));
        Assert.That(trimmed.IsUntouched, Is.EqualTo(stepsAside));
    }

    [TestCase(MessageIndex.MaxMarks, null)]
    [TestCase(MessageIndex.MaxMarks + 1, "too many messages")]
    public void More_tool_calls_than_any_conversation_has_make_it_step_aside(int count, string? reason)
    {
        var calls = string.Join(',', Enumerable.Repeat("""{"id":"a"}""", count));

        var trimmed = Trimmed.Of(Body(User, $$"""{"role":"assistant","tool_calls":[{{calls}}]}""", User), maxMessages: 1);

        Assert.That(trimmed.Outcome.Skipped, Is.EqualTo(reason));
    }

    private const string User = """{"at":0,"role":"user","content":"x"}""";

    private static Trimmed Trim(string conversation, int maxMessages) =>
        Trimmed.Of(Body([.. conversation.Split(' ').Select(Message)]), maxMessages);

    private static string Body(params string[] messages) => $$"""{"messages":[{{string.Join(',', messages)}}]}""";

    private static string Message(string word, int at) => word[0] switch
    {
        's' => $$"""{"at":{{at}},"role":"system","content":"x"}""",
        'd' => $$"""{"at":{{at}},"role":"developer","content":"x"}""",
        'u' => $$"""{"at":{{at}},"role":"user","content":"x"}""",
        'a' => $$"""{"at":{{at}},"role":"assistant","content":"x"}""",
        'r' => $$"""{"at":{{at}},"role":"tool","tool_call_id":"{{word[1..]}}","content":"x"}""",
        _ => $$"""{"at":{{at}},"role":"assistant","content":null,"tool_calls":[{{Calls(word)}}]}""",
    };

    private static string Calls(string word) =>
        string.Join(',', word.Split('c', StringSplitOptions.RemoveEmptyEntries).Select(static id => $$"""{"id":"{{id}}","type":"function"}"""));
}
