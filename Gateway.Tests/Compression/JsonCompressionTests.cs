using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Bodies;
using Gateway.Transforms.Compression;
using NUnit.Framework;

namespace Gateway.Tests.Compression;

[TestFixture]
public sealed class JsonCompressionTests
{
    [Test]
    public void Light_removes_white_space_and_nothing_else()
    {
        var pretty = Padded("""{ "a" : 1.0 , "b" : [ 1e400, 12345678901234567890, -0 ] , "a" : "x\u00e9 \" }  ," , "t" : "  two  blanks " }""");

        var result = Compress(pretty, Strength.Light);

        Assert.That(result, Does.StartWith("""[{"a":1.0,"b":[1e400,12345678901234567890,-0],"a":"x\u00e9 \" }  ,","t":"  two  blanks "},"""));
    }

    [Test]
    public void Random_json_keeps_its_tokens_at_light()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var json = $"[{string.Join(" , ", Enumerable.Range(0, 40).Select(i => new RandomJson((seed * 100) + i).Value(4)))}, \"{new string('x', 512)}\" ]";

            var result = BlockCompressor.Compress(Encoding.UTF8.GetBytes(json), BlockRole.Tool, Strength.Light);

            Assert.That(Tokens(result), Is.EqualTo(Tokens(Encoding.UTF8.GetBytes(json))), $"seed {seed}");
        }
    }

    [Test]
    public void Real_json_read_back_from_its_tables_is_the_same_json()
    {
        var tables = 0;
        foreach (var block in RecordedConversations.ToolOutputs.Where(static block => BlockKinds.Of(block) is BlockKind.Json))
        {
            var result = BlockCompressor.Compress(block, BlockRole.Tool, Strength.Medium);
            if (BlockKinds.Of(result) is BlockKind.Table) tables++;

            Assert.That(JsonNode.DeepEquals(TableReader.Read(Minified(result, block)), JsonNode.Parse(block)), Is.True, Encoding.UTF8.GetString(result));
        }

        Assert.That(tables, Is.GreaterThan(3));
    }

    [Test]
    public void Random_tables_read_back_are_the_same_json()
    {
        var tables = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var json = RandomTable(seed);

            var result = BlockCompressor.Compress(json, BlockRole.Tool, Strength.Medium);

            if (BlockKinds.Of(result) is BlockKind.Table) tables++;
            Assert.That(JsonNode.DeepEquals(TableReader.Read(Minified(result, json)), JsonNode.Parse(json)), Is.True, $"seed {seed}: {Encoding.UTF8.GetString(result)}");
        }

        Assert.That(tables, Is.GreaterThan(200));
    }

    [Test]
    public void A_table_says_how_many_rows_and_names_columns_once()
    {
        var rows = string.Join(", ", Enumerable.Range(0, 12).Select(static i => $$"""{ "name": "file{{i}}.cs", "size": {{i * 17}}, "type": "file", "note": "a|{{i}}" }"""));

        var result = Compress($$"""{ "path": "src", "entries": [ {{rows}} ], "more": false }""", Strength.Medium);

        Assert.That(result, Does.StartWith("{\"path\":\"src\",\"entries\":#12 rows; cols: name|size|note; every row: {\"type\":\"file\"}\nfile0.cs|0|\"a|0\"\nfile1.cs|17|\"a|1\"\n"));
        Assert.That(result, Does.EndWith("file11.cs|187|\"a|11\"\n,\"more\":false}"));
    }

    [TestCase(2, false)]
    [TestCase(3, true)]
    public void Three_rows_make_a_table(int rows, bool isTable)
    {
        var json = "[" + string.Join(',', Enumerable.Range(0, rows).Select(static i => $$"""{"identifier_of_row":{{i}},"description_of_row":"{{new string((char)('a' + i), 200)}}"}""")) + "]";

        Assert.That(Compress(json, Strength.Medium).StartsWith('#'), Is.EqualTo(isTable));
    }

    [Test]
    public void Rows_of_other_keys_make_no_table()
    {
        var json = "[" + string.Join(',', Enumerable.Range(0, 40).Select(static i => i == 20 ? """{"b":1,"a":2,"c":3}""" : $$"""{"a":{{i}},"b":{{i}},"c":"row {{i}}"}""")) + "]";

        Assert.That(Compress(json, Strength.Medium), Is.EqualTo(json));
    }

    [Test]
    public void A_string_that_looks_like_another_value_keeps_its_quotes()
    {
        string[] values = ["12", "-1e5", "true", "null", "", " x", "x ", "a|b", "[1]", "{", "#3", "é", "plain text", "semi;colon"];
        var json = "[" + string.Join(',', values.Select(static (value, i) => $"{{\"identifier\":{i},\"value\":{JsonSerializer.Serialize(value)},\"filler\":\"{new string((char)('a' + i), 60)}\"}}")) + "]";

        var result = BlockCompressor.Compress(Encoding.UTF8.GetBytes(json), BlockRole.Tool, Strength.Medium);

        Assert.That(BlockKinds.Of(result), Is.EqualTo(BlockKind.Table));
        Assert.That(JsonNode.DeepEquals(TableReader.Read(result), JsonNode.Parse(json)), Is.True);
        Assert.That(Encoding.UTF8.GetString(result), Does.Contain("\n0|\"12\"|").And.Contain("|plain text|"));
    }

    [Test]
    public void Json_in_a_system_prompt_is_minified_and_made_no_table()
    {
        var json = "[" + string.Join(", ", Enumerable.Range(0, 30).Select(static i => $$"""{ "a": {{i}}, "b": "row" }""")) + "]";

        var result = Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(json), BlockRole.System, Strength.Aggressive));

        Assert.That(result, Is.EqualTo(json.Replace(" ", "", StringComparison.Ordinal)));
    }

    [TestCase(30, false)]
    [TestCase(31, true)]
    public void Aggressive_samples_arrays_of_more_than_thirty(int count, bool isSampled)
    {
        var json = "[" + string.Join(',', Enumerable.Range(0, count).Select(static i => $"\"item number {i} of a long list of items\"")) + "]";

        var result = Compress(json, Strength.Aggressive);

        Assert.That(result.Contains($"[{count - 15} of {count} items omitted]", StringComparison.Ordinal), Is.EqualTo(isSampled));
        Assert.That(result, Does.Contain("item number 9 ").And.Contain($"item number {count - 5} "));
        Assert.That(result.Contains("item number 10 ", StringComparison.Ordinal), Is.EqualTo(!isSampled));
    }

    [Test]
    public void Rows_that_report_a_fault_and_numbers_that_stand_out_survive_sampling()
    {
        var rows = Enumerable.Range(0, 500).Select(static i => i switch
        {
            77 => """{"id":77,"ms":12,"log":"connection refused by db-3"}""",
            200 => """{"id":200,"ms":9000,"log":"ok"}""",
            301 => """{"id":301,"ms":13,"log":"ok","error_code":5}""",
            _ => $$"""{"id":{{i}},"ms":{{10 + (i % 5)}},"log":"ok","error_count":0}""",
        });

        var result = Compress("[" + string.Join(',', rows) + "]", Strength.Aggressive);

        Assert.That(result, Does.Contain("refused by db-3").And.Contain("9000").And.Contain("301"));
        Assert.That(result, Does.Contain("[482 of 500 items omitted]"));
    }

    [TestCase(40)]
    [TestCase(41)]
    public void At_most_forty_outliers_are_kept(int outliers)
    {
        var rows = Enumerable.Range(0, 2_000).Select(i => $$"""{"id":"r{{i}}","ms":{{(i >= 100 && i < 100 + outliers ? 9_000 + i : 10)}}}""");

        var result = Compress("[" + string.Join(',', rows) + "]", Strength.Aggressive);

        Assert.That(result, Does.Contain($"[{2_000 - 15 - 40} of 2000 items omitted]"));
    }

    [TestCase(600, false)]
    [TestCase(601, true)]
    public void Aggressive_cuts_strings_of_more_than_six_hundred_characters(int length, bool isCut)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(static i => "aé漢"[i % 3]));

        var result = Compress($$"""{"text":"{{text}}","empty":null,"none":[],"blank":"","zero":0}""", Strength.Aggressive);

        Assert.That(result, Is.EqualTo(isCut
            ? $$"""{"text":"{{text[..400]}}...[+101 chars]...{{text[^100..]}}","zero":0}"""
            : $$"""{"text":"{{text}}","zero":0}"""));
    }

    [Test]
    public void A_cut_falls_inside_of_no_escape()
    {
        var text = string.Concat(Enumerable.Repeat("""\uD83D\uDE00\n\u00e9""", 300));

        var result = Compress($$"""{"text":"{{text}}"}""", Strength.Aggressive);

        Assert.That((string)JsonNode.Parse(result)!["text"]!, Does.Contain("...[+400 chars]...").And.Not.Contain("\uFFFD"));
    }

    [Test]
    public void A_long_string_with_an_error_in_its_middle_is_not_cut()
    {
        var text = new string('x', 500) + " Traceback: disk full " + new string('y', 500);

        Assert.That(Compress($$"""{"text":"{{text}}","none":null}""", Strength.Aggressive), Does.Contain("Traceback: disk full"));
    }

    [Test]
    public void Json_that_is_nested_deeper_than_any_reader_should_go_is_still_only_minified()
    {
        const int depth = 100_000;
        var json = string.Concat(Enumerable.Repeat("[ ", depth)) + string.Concat(Enumerable.Repeat("] ", depth));

        Assert.That(Compress(json, Strength.Aggressive), Is.EqualTo(json.Replace(" ", "", StringComparison.Ordinal)));
    }

    [Test]
    public void Objects_one_on_a_line_stay_one_on_a_line()
    {
        var lines = string.Concat(Enumerable.Range(0, 30).Select(static i => $$"""{ "id": {{i}}, "name": "n {{i}}" }""" + "\n"));

        Assert.That(Compress(lines, Strength.Aggressive), Is.EqualTo(string.Concat(Enumerable.Range(0, 30).Select(static i => $$"""{"id":{{i}},"name":"n {{i}}"}""" + "\n"))));
    }

    private static string Compress(string text, Strength strength) => Encoding.UTF8.GetString(BlockCompressor.Compress(Encoding.UTF8.GetBytes(text), BlockRole.Tool, strength));

    private static string Padded(string json) => $"[ {json} , \"{new string('x', 512)}\" ]";

    // A block that stayed as it was may hold white space, which the reader of tables knows nothing of.
    private static byte[] Minified(byte[] result, byte[] original) =>
        result.AsSpan().SequenceEqual(original) ? Encoding.UTF8.GetBytes(JsonNode.Parse(original)!.ToJsonString()) : result;

    private static List<string> Tokens(byte[] json)
    {
        var tokens = new List<string>();
        var reader = new Utf8JsonReader(json);
        while (reader.Read()) tokens.Add($"{reader.TokenType} {Encoding.UTF8.GetString(reader.ValueSpan)}");
        return tokens;
    }

    private static byte[] RandomTable(int seed)
    {
        var random = new RandomJson(seed);
        var columns = Enumerable.Range(0, 1 + random.Random.Next(6)).Select(i => $"\"column{i}{(i == 2 ? "|;\\n" : "")}\"").ToArray();
        var constant = random.Value(2);
        var rows = Enumerable.Range(0, 12 + random.Random.Next(30)).Select(_ =>
            "{" + string.Join(',', columns.Select((column, i) => $"{column}: {(i == 1 ? constant : i == 3 ? random.Value(2) : random.Random.Next(3) == 0 ? random.Value(0) : random.Text(20))}")) + "}");
        return Encoding.UTF8.GetBytes($$"""{"before": [{"x":"#3 rows"}], "rows": [ {{string.Join(" ,", rows)}} ], "after": "{{new string('z', 512)}}"}""");
    }
}
