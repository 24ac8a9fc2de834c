using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;

namespace Gateway.Benchmarks.Compression;

/// <summary>A step of compression and what it is measured on.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Strength">The strength that the step belongs to.</param>
/// <param name="Role">Whose blocks it is for.</param>
/// <param name="Bytes">About 256 KB.</param>
public sealed record KernelInput(string Name, Strength Strength, BlockRole Role, byte[] Bytes)
{
    private const int Size = 262_144;

    /// <summary>Every step.</summary>
    public static KernelInput[] All { get; } = Make();

    /// <summary>The step.</summary>
    internal Action<byte[], PooledBuffer> Run { get; private init; } = static (_, _) => { };

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static KernelInput[] Make()
    {
        var compact = Encoding.UTF8.GetBytes(Rows(indented: false));
        var prose = Repeat("The agent should list the action details and obtain the user's confirmation before it updates the booking.\nIt must not **guess** a value that is missing.\n\n\n");
        var log = MadeUpLog.Write(1);
        var trace = Repeat("Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    return f(x)\nRecursionError: depth\nStep done, and the next one starts with what was left over.\n");
        var html = Repeat("<div class=\"row\"><h2>Order</h2><p>See <a href=\"https://x.example/a\">the list</a> of &amp; all.</p><script>var a = 1;</script></div>\n");
        return
        [
            new("light: JSON minify", Strength.Light, BlockRole.Tool, Encoding.UTF8.GetBytes(Rows(indented: true))) { Run = static (b, o) => JsonMinifier.Write(b, o) },
            new("light: text normalise, prose", Strength.Light, BlockRole.Tool, prose) { Run = static (b, o) => TextNormaliser.Write(b, BlockRole.Tool, o) },
            new("light: text normalise, log", Strength.Light, BlockRole.Tool, log) { Run = static (b, o) => TextNormaliser.Write(b, BlockRole.Tool, o) },
            new("medium: JSON tables", Strength.Medium, BlockRole.Tool, compact) { Run = static (b, o) => JsonTable.Write(b, o) },
            new("medium: line dedupe", Strength.Medium, BlockRole.Tool, prose) { Run = static (b, o) => LineDeduper.Write(b, BlockRole.Tool, o) },
            new("medium: frame fold", Strength.Medium, BlockRole.Tool, trace) { Run = static (b, o) => FrameFolder.Write(b, o) },
            new("medium: log fold", Strength.Medium, BlockRole.Tool, log) { Run = static (b, o) => LogFolder.Write(b, o) },
            new("medium: HTML to text", Strength.Medium, BlockRole.Tool, html) { Run = static (b, o) => HtmlText.Write(b, o) },
            new("medium: phrases", Strength.Medium, BlockRole.System, prose) { Run = static (b, o) => PhraseRewriter.Write(b, o) },
            new("aggressive: words", Strength.Aggressive, BlockRole.System, prose) { Run = static (b, o) => WordRules.Write(b, o) },
            new("aggressive: JSON sample", Strength.Aggressive, BlockRole.Tool, compact) { Run = static (b, o) => JsonSampler.Write(b, o) },
            new("aggressive: log templates", Strength.Aggressive, BlockRole.Tool, log) { Run = static (b, o) => LogTemplates.Write(b, o) },
        ];
    }

    private static byte[] Repeat(string text) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, Size / text.Length)));

    private static string Rows(bool indented)
    {
        var rows = Enumerable.Range(0, 1_700).Select(static i => new { id = i, name = $"user {i}", type = "file", url = $"https://api.example/items/{i * 7919}", status = i % 3 == 0 ? "active" : "closed", score = i * 0.37 });
        return JsonSerializer.Serialize(rows, new JsonSerializerOptions { WriteIndented = indented });
    }
}
