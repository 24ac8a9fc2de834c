using System.Text.RegularExpressions;
using NUnit.Framework;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

internal sealed class CollectorTests
{
    private static readonly YamlMappingNode Config = DeployFolder.Yaml(DeployFolder.PathOf("otel-collector", "config.yaml"));

    private static IEnumerable<string> Pipelines() => Names(Config["service"]["pipelines"]);

    [TestCaseSource(nameof(Pipelines))]
    public void A_pipeline_uses_what_is_defined_and_refuses_before_it_works(string pipeline)
    {
        var parts = Config["service"]["pipelines"][pipeline];

        foreach (var kind in (string[])["receivers", "processors", "exporters"])
            Assert.That(parts.Items(kind).Select(static part => part.ToString()), Is.Not.Empty.And.SubsetOf(Names(Config[kind])), kind);
        Assert.That(parts.Items("processors").First().ToString(), Is.EqualTo("memory_limiter"));
        Assert.That(parts.Items("processors").Last().ToString(), Is.EqualTo("batch"));
    }

    [TestCase("traces")]
    [TestCase("logs")]
    public void Prompts_and_answers_do_not_get_past_it(string pipeline) =>
        Assert.That(Config["service"]["pipelines"][pipeline].Items("processors").Select(static part => part.ToString()), Does.Contain("transform/no_content"));

    [TestCase("gen_ai.input.messages", true)]
    [TestCase("gen_ai.output.messages", true)]
    [TestCase("gen_ai.system_instructions", true)]
    [TestCase("gen_ai.tool.definitions", true)]
    [TestCase("gen_ai.tool.call.arguments", true)]
    [TestCase("gen_ai.prompt.0.content", true)]
    [TestCase("gen_ai.request.model", false)]
    [TestCase("gen_ai.usage.input_tokens", false)]
    [TestCase("gen_ai.usage.output_tokens", false)]
    [TestCase("gen_ai.output.type", false)]
    [TestCase("gateway.receipt.id", false)]
    public void What_it_takes_out_is_content_and_nothing_else(string attribute, bool isContent)
    {
        var processor = Config["processors"]["transform/no_content"];
        var statements = processor.Items("trace_statements").Concat(processor.Items("log_statements")).SelectMany(static group => group.Items("statements")).ToList();

        Assert.That(statements, Has.Count.EqualTo(3), "spans, their events, logs");
        foreach (var statement in statements)
        {
            var pattern = statement.ToString().Split('"')[1].Replace(@"\\", @"\", StringComparison.Ordinal);
            Assert.That(Regex.IsMatch(attribute, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)), Is.EqualTo(isContent), pattern);
        }
    }

    private static IEnumerable<string> Names(YamlNode node) => ((YamlMappingNode)node).Children.Keys.Select(static name => name.ToString());
}
