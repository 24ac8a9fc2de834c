using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class ChatRequestFuzzTests
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = RequestIndex.MaxDepth };

    private static readonly string[] Seeds =
    [
        """{"model":"m","messages":[{"role":"user","content":"hi"}]}""",
        """{ "provider":"p","model":"a\u0062","stream":true,"stream_options":{"include_usage":true},"messages":[{}],"max_tokens":10,"n":2}""",
        """{"messages":[{"content":[{"type":"text","text":"\ud83d\ude00"}]}],"model":"m","tools":[{"a":{"b":[1,2.5e3,null,true]}}],"user":"u"}""",
        """{"model":"é😀","max_completion_tokens":77,"x":{"a":1,"b":{"a":1}},"messages":[{"a":"\\\"\n"},{"b":[[[]]]}],"provider":{"x":1}}""",
    ];

    [Test]
    public void What_the_index_accepts_a_strict_parser_reads_the_same_and_the_rest_is_refused_without_an_exception()
    {
        var random = new Random(77);
        var index = new RequestIndex();
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var body = Mutate(random, Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]));

            if (!index.TryRead(body, out var error))
            {
                Assert.That(error.Fault is not BodyFault.None && error.Message.Length > 10);
                continue;
            }

            accepted++;
            using var document = JsonDocument.Parse(body, Strict);
            var root = document.RootElement;
            if (!index.Model.Equals(root.GetProperty("model").GetString(), StringComparison.Ordinal)
                || index.MessageCount != root.GetProperty("messages").GetArrayLength()
                || index.MaxTokens != Limit(root, "max_tokens")
                || index.MaxCompletionTokens != Limit(root, "max_completion_tokens")
                || index.N != (Limit(root, "n") ?? 1)
                || index.Stream != (root.TryGetProperty("stream", out var stream) && stream.ValueKind is JsonValueKind.True)
                || !string.Equals(index.Provider, Provider(root), StringComparison.Ordinal))
            {
                Assert.Fail($"round {round}: {Encoding.UTF8.GetString(body)}");
            }
        }

        Assert.That(accepted, Is.GreaterThan(1_000));
    }

    private static string? Provider(JsonElement root) =>
        root.TryGetProperty("provider", out var provider) && provider.ValueKind is JsonValueKind.String ? provider.GetString() : null;

    private static long? Limit(JsonElement root, string name) =>
        root.TryGetProperty(name, out var limit) && limit.ValueKind is JsonValueKind.Number ? limit.GetInt64() : null;

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var body = seed.ToList();
        for (var edits = random.Next(1, 4); edits > 0 && body.Count > 1; edits--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(6))
            {
                case 0:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1:
                    body.RemoveAt(at);
                    break;
                case 2:
                    body.Insert(at, "\"{}[]:,\\0e- \n"u8[random.Next(13)]);
                    break;
                case 3:
                    body[at] = (byte)(body[at] ^ (1 << random.Next(8)));
                    break;
                case 4:
                    var length = Math.Min(random.Next(1, 20), body.Count - at);
                    body.InsertRange(random.Next(body.Count), body.GetRange(at, length));
                    break;
                default:
                    body.InsertRange(at, Encoding.ASCII.GetBytes("\\u" + random.Next(0xD700, 0xE100).ToString("x4")));
                    break;
            }
        }

        return [.. body];
    }
}
