using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Tokens;

/// <summary>Texts and their counts by npm tiktoken, as the two fixtures beside this file hold them.</summary>
internal sealed record CountSample(byte[] Utf8, int O200k, int Cl100k)
{
    public static IReadOnlyList<CountSample> Golden { get; } = Read("golden-counts.json", static text => Encoding.UTF8.GetBytes(text));

    public static IReadOnlyList<CountSample> Fuzz { get; } = Read("fuzz-counts.json", Convert.FromBase64String);

    private static CountSample[] Read(string name, Func<string, byte[]> decode)
    {
        using var stream = typeof(CountSample).Assembly.GetManifestResourceStream(typeof(CountSample), name)
            ?? throw new InvalidDataException($"{name} is not embedded.");
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.GetProperty("samples").EnumerateArray()
            .Select(row => new CountSample(decode(row[0].GetString() ?? ""), row[1].GetInt32(), row[2].GetInt32()))];
    }
}
