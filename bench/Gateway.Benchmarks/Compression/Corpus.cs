using System.Text;
using System.Text.Json;
using Gateway.Transforms.Compression;

namespace Gateway.Benchmarks.Compression;

/// <summary>Blocks of one kind and origin, as the gateway would meet them.</summary>
/// <param name="Name">Name and licence, for the table.</param>
/// <param name="Role">Who wrote the blocks.</param>
/// <param name="Blocks">The blocks, decoded.</param>
internal sealed record Corpus(string Name, BlockRole Role, IReadOnlyList<byte[]> Blocks)
{
    /// <summary>Every corpus that a data folder holds, and those of a folder of npm packages where one is given.</summary>
    public static IEnumerable<Corpus> Read(string data, string? packages)
    {
        byte[][] tau = [.. Transcripts.TauBench(data).SelectMany(static t => t.Tools)];
        yield return new("tau-bench retail, tool JSON (MIT)", BlockRole.Tool, [.. tau.Where(static block => block is [(byte)'{' or (byte)'[', ..])]);
        yield return new("tau-bench retail, tool JSON of 512 bytes and more (MIT)", BlockRole.Tool, [.. tau.Where(static block => block.Length >= BlockCompressor.LeastToolBytes)]);
        yield return new("tau-bench retail, all tool output (MIT)", BlockRole.Tool, tau);
        byte[][] observations = [.. Transcripts.SweAgent(data).SelectMany(static t => t.Tools)];
        yield return new("SWE-agent, observations of 512 bytes and more (MIT)", BlockRole.Tool, [.. observations.Where(static block => block.Length >= BlockCompressor.LeastToolBytes)]);
        yield return new("SWE-agent, all observations (MIT)", BlockRole.Tool, observations);
        yield return new("TOON's GitHub repositories, pretty JSON (MIT)", BlockRole.Tool, [Load(data, "json/toon-github-repos.json")]);
        yield return new("BFCL live_simple, JSON lines (Apache-2.0)", BlockRole.Tool, [Load(data, "bfcl/BFCL_v4_live_simple.json")]);
        yield return new("system prompts (MIT)", BlockRole.System, [.. SystemPrompts(data)]);
        yield return new("XQuAD-en, 10 paragraphs a block (CC BY-SA 4.0)", BlockRole.Tool, [.. AnswerSpans.Blocks(data)]);
        yield return new("made-up service logs, 2,000 lines x 5", BlockRole.Tool, [.. Enumerable.Range(1, 5).Select(MadeUpLog.Write)]);
        if (packages is null) yield break;
        var hooks = Webhooks(packages).ToArray();
        yield return new("@octokit/webhooks-examples 7.6.1, pretty (MIT)", BlockRole.Tool, [.. hooks.Select(Pretty)]);
        yield return new("@octokit/webhooks-examples 7.6.1, compact (MIT)", BlockRole.Tool, [.. hooks.Select(static hook => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(hook)))]);
        yield return new("@octokit/fixtures 23.1.2, answers, pretty (MIT)", BlockRole.Tool, [.. Fixtures(packages).Select(Pretty)]);
    }

    private static byte[] Load(string data, string path) => File.ReadAllBytes(Path.Combine(data, path));

    private static IEnumerable<byte[]> SystemPrompts(string data)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(data, "system-prompts")).Order(StringComparer.Ordinal)) yield return File.ReadAllBytes(file);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(data, "tau-bench"), "*.md").Order(StringComparer.Ordinal)) yield return File.ReadAllBytes(file);
    }

    private static IEnumerable<JsonElement> Webhooks(string packages)
    {
        var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(packages, "@octokit/webhooks-examples/api.github.com/index.json")));
        return index.RootElement.EnumerateArray().SelectMany(static hook => hook.GetProperty("examples").EnumerateArray());
    }

    private static IEnumerable<JsonElement> Fixtures(string packages)
    {
        var files = Directory.EnumerateFiles(Path.Combine(packages, "@octokit/fixtures/scenarios"), "normalized-fixture.json", SearchOption.AllDirectories);
        return files.Order(StringComparer.Ordinal)
            .SelectMany(static file => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement.EnumerateArray())
            .Select(static call => call.GetProperty("response"))
            .Where(static answer => answer.ValueKind is JsonValueKind.Object or JsonValueKind.Array);
    }

    private static byte[] Pretty(JsonElement element) => JsonSerializer.SerializeToUtf8Bytes(element, PrettyOptions);

    private static readonly JsonSerializerOptions PrettyOptions = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
