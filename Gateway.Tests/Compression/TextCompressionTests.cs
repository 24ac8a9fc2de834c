using System.Text;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;
using NUnit.Framework;

namespace Gateway.Tests.Compression;

[TestFixture]
public sealed class TextCompressionTests
{
    private static readonly string Filler = string.Concat(Enumerable.Range(0, 40).Select(static i => $"Line {i} tells its own small story.\n"));

    [TestCase("one  \r\ntwo\t\n", "one\ntwo\n")]
    [TestCase("a\n\n\n\n\nb\n", "a\n\nb\n")]
    [TestCase("\u001b[1;31mred\u001b[0m and \uFEFFplain\u200B\n", "red and plain\n")]
    [TestCase("install ... -\b \b\\\b \bdone\n", "install ... done\n")]
    [TestCase("N\bNA\bAME é\b\n\bx\n", "NAME é\b\n\bx\n")]
    [TestCase("==========\n", "===\n")]
    [TestCase("----\n", "----\n")]
    [TestCase("<<<<<<< ours\n=======\n>>>>>>> theirs\n", "<<<<<<< ours\n=======\n>>>>>>> theirs\n")]
    [TestCase("waiting for it\nwaiting for it\nwaiting for it\nwaiting for it\ndone\n", "waiting for it\n[previous line repeated 3x]\ndone\n")]
    [TestCase("waiting\nwaiting\ndone\n", "waiting\nwaiting\ndone\n")]
    [TestCase("a\na\na\n", "a\na\na\n")]
    [TestCase("```\ncode  \n\n\n\n\n```\n", "```\ncode  \n\n\n\n\n```\n")]
    [TestCase("    indented  \n\tas well  \n", "    indented  \n\tas well  \n")]
    public void Light_tidies_tool_output(string before, string after)
    {
        // The step alone: not every tidy text has fewer tokens.
        using var output = new PooledBuffer();
        TextNormaliser.Write(Encoding.UTF8.GetBytes(before), BlockRole.Tool, output);

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo(after));
    }

    [Test]
    public void Light_keeps_lines_that_repeat_in_a_system_prompt()
    {
        var prompt = string.Concat(Enumerable.Repeat("Say it again and again, please.\n", 5));

        Assert.That(System(prompt, Strength.Light), Is.EqualTo(prompt));
    }

    [Test]
    public void Medium_leaves_out_a_long_line_of_prose_that_stood_there_before()
    {
        const string line = "The customer has asked for a refund of the whole order.\n";

        Assert.That(Tool(line + "Other\n" + line + "End\n", Strength.Medium), Is.EqualTo(line + "Other\nEnd\n"));
    }

    [TestCase("- The customer is not allowed to cancel the whole order.\n")]
    [TestCase("- The customer may cancel within 24 hours of the booking.\n")]
    public void Medium_repeats_the_rules_that_a_system_prompt_repeats(string line)
    {
        var prompt = line + "Other\n" + line + "End\n";

        Assert.That(System(prompt, Strength.Medium), Is.EqualTo(prompt));
    }

    [TestCase("            error = compute_something_of_this_length(a)\n")]
    [TestCase("1471:    def serialize this value and return it to whoever asked\n")]
    [TestCase("ERROR the service could not be reached from this machine\n")]
    [TestCase("if (value == null) { throw new Thing(this, that); } // ok\n")]
    public void Code_and_errors_that_repeat_stay(string line)
    {
        var output = line + "Other\n" + line + "End\n";

        Assert.That(Tool(output, Strength.Medium), Is.EqualTo(output));
    }

    [Test]
    public void Medium_folds_frames_that_repeat_one_by_one_and_in_cycles()
    {
        var trace = "Exception: too deep\n"
            + string.Concat(Enumerable.Repeat("    at App.Walk(Node n)\n", 50))
            + string.Concat(Enumerable.Repeat("    at App.Even(int n)\n    at App.Odd(int n)\n", 20))
            + "    at App.Main()\n";

        Assert.That(Tool(trace, Strength.Medium), Is.EqualTo(
            "Exception: too deep\n    at App.Walk(Node n)\n    [frames repeated 49x]\n    at App.Even(int n)\n    at App.Odd(int n)\n    [frames repeated 19x]\n    at App.Main()\n"));
    }

    [Test]
    public void Medium_folds_the_two_lines_of_a_python_frame()
    {
        var trace = "Traceback (most recent call last):\n" + string.Concat(Enumerable.Repeat("  File \"a.py\", line 3, in f\n    return f(x)\n", 9)) + "RecursionError: depth\n";

        Assert.That(Tool(trace, Strength.Medium), Is.EqualTo(
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    return f(x)\n    [frames repeated 8x]\nRecursionError: depth\n"));
    }

    [Test]
    public void Two_frames_are_not_folded()
    {
        const string trace = "Exception: x\n    at A.B()\n    at A.B()\n    at A.C()\n";

        Assert.That(Tool(trace, Strength.Medium), Is.EqualTo(trace));
    }

    [Test]
    public void Medium_folds_a_log_by_date_and_by_message()
    {
        var log = new StringBuilder();
        for (var i = 10; i < 40; i++) log.Append($"2026-03-14 09:00:{i} INFO poll {(i < 30 ? "idle" : i.ToString())}\n");
        log.Append("2026-03-14 09:01:00 ERROR disk full\n");

        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(log.ToString()), BlockRole.Tool, Strength.Medium));

        Assert.That(result, Does.StartWith("2026-03-14 09:00:10 INFO poll idle\n[same x19, last 2026-03-14 09:00:29]\n\" 09:00:30 INFO poll 30\n"));
        Assert.That(result, Does.EndWith("\" 09:00:39 INFO poll 39\n2026-03-14 09:01:00 ERROR disk full\n"));
    }

    [Test]
    public void Aggressive_keeps_two_lines_of_a_template_and_five_with_a_severity_word()
    {
        var log = new StringBuilder();
        for (var i = 0; i < 60; i++) log.Append($"09:00:{i:00} GET /orders/{i * 7919} in {i} ms\n09:00:{i:00} ERROR charge {i} failed\n");

        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(log.ToString()), BlockRole.Tool, Strength.Aggressive));

        Assert.That(Count(result, "GET"), Is.EqualTo(2));
        Assert.That(Count(result, "ERROR"), Is.EqualTo(5));
        Assert.That(result, Does.Contain("[+58 more like this]").And.Contain("[+55 more like this]"));
    }

    [Test]
    public void A_diff_loses_the_names_of_its_blobs_and_keeps_its_hunks()
    {
        const string diff = "diff --git a/x.cs b/x.cs\nindex 3f1a2b..9c8d7e 100644\n--- a/x.cs\n+++ b/x.cs\n@@ -1,3 +1,3 @@\n-index 1..2   \n+index 2..3\n same\n";
        var whole = diff + string.Concat(Enumerable.Range(0, 40).Select(static i => $" context line {i} of a file  \n"));

        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(whole), BlockRole.Tool, Strength.Aggressive));

        Assert.That(result, Is.EqualTo(whole.Replace("index 3f1a2b..9c8d7e 100644\n", "", StringComparison.Ordinal)));
    }

    [TestCase("In order to book, note that you need the id.\n", "To book, you need the id.\n")]
    [TestCase("Note that refunds take a day due to the fact that banks are slow.\n", "Refunds take a day because banks are slow.\n")]
    [TestCase("Make sure the name as well as the date is there in the event that it fails.\n", "Ensure the name and the date is there if it fails.\n")]
    [TestCase("Please make sure to ask the user for the id first.\n", "Please make sure to ask the user for the id first.\n")]
    [TestCase("Answer with `in order to` and \"as well as\" in the {make sure} sentence.\n", "Answer with `in order to` and \"as well as\" in the {make sure} sentence.\n")]
    public void Medium_shortens_six_phrases_of_a_system_prompt(string before, string after) => Assert.That(System(before, Strength.Medium), Is.EqualTo(after));

    [TestCase("The agent asks the user for an id and a name.\n", "Agent asks user for id and name.\n")]
    [TestCase("This is a very long list, really, of all that is useful for basically everyone.\n", "This is long list, really, of all useful for everyone.\n")]
    [TestCase("You must not share the very secret plan that is in the safe.\n", "You must not share very secret plan that is in safe.\n")]
    [TestCase("- **Important:** the user comes first in every call.\n", "- Important: user comes first in every call.\n")]
    [TestCase("Say \"the end\", 'the end' or `the end` to stop the loop.\n", "Say \"the end\", 'the end' or `the end` to stop loop.\n")]
    [TestCase("Compute 2**3 and 4**2 for the user with **/*.cs in mind.\n", "Compute 2**3 and 4**2 for user with **/*.cs in mind.\n")]
    [TestCase("Plan A is the API, a URL or an <a href> in the text.\n", "Plan A is the API, a URL or an <a href> in text.\n")]
    [TestCase("| the first | the second | the third | of the table |\n", "| the first | the second | the third | of the table |\n")]
    public void Aggressive_drops_words_that_only_add_weight(string before, string after) => Assert.That(System(before, Strength.Aggressive), Is.EqualTo(after));

    [Test]
    public void A_page_becomes_the_text_that_a_browser_shows()
    {
        const string page = """
            <!DOCTYPE html><html><head><title>Orders &amp; more</title><style>p { color: red }</style><script>if (a < b) { alert("</div>"); }</script></head>
            <body><!-- hidden --><!-- [HttpException]: the session has expired --><h2>Open  orders</h2><ul><li>First</li><li>Second &lt;b&gt;</li></ul>
            <table><tr><th>id</th><th>sum</th></tr><tr><td>1</td><td>9.50</td></tr></table>
            <p>See <a href="https://shop.example/help">the help</a> or <a href="/local">here</a>. <img src="x.png" alt="A red shoe"></p>
            <pre>keep   this
              as is</pre><svg><text>no</text></svg></body></html>
            """;

        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(page), BlockRole.Tool, Strength.Medium));

        Assert.That(result, Is.EqualTo("""
            Orders & more
            <!-- [HttpException]: the session has expired -->

            ## Open orders

            - First
            - Second &lt;b&gt;
            id | sum |
            1 | 9.50 |

            See the help (https://shop.example/help) or here. A red shoe

            keep   this
              as is

            """.Replace("\r", "", StringComparison.Ordinal)));
    }

    [Test]
    public void A_page_behind_the_output_of_a_program_becomes_text_and_the_output_stays()
    {
        var page = "  % Total    % Received\n100  1012    0   587\n<!doctype html>\n<html><body>" + string.Concat(Enumerable.Repeat("<p class=\"a long class name\">It <b>works</b>.</p>\n", 20)) + "</body></html>\n$ exit\n";

        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(page), BlockRole.Tool, Strength.Medium));

        Assert.That(result, Does.StartWith("  % Total    % Received\n100  1012    0   587\nIt works.\n"));
        Assert.That(result, Does.EndWith("$ exit\n"));
        Assert.That(result, Does.Not.Contain("<"));
    }

    [Test]
    public void Tags_in_a_system_prompt_are_no_page()
    {
        var prompt = "<html>" + string.Concat(Enumerable.Repeat("<rule>Be kind.</rule>\n", 30));

        Assert.That(System(prompt, Strength.Medium), Is.EqualTo(prompt));
    }

    private static int Count(string text, string word) => (text.Length - text.Replace(word, "", StringComparison.Ordinal).Length) / word.Length;

    // The text, followed by lines that no rule touches but that make it long enough.
    private static string Tool(string text, Strength strength) => Around(text, BlockRole.Tool, strength);

    private static string System(string text, Strength strength) => Around(text, BlockRole.System, strength);

    private static string Around(string text, BlockRole role, Strength strength)
    {
        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(text + Filler), role, strength));
        Assert.That(result, Does.EndWith(Filler));
        return result[..^Filler.Length];
    }
}
