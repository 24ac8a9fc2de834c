using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gateway.Transforms.Watchdog;

/// <summary>How alike two answers are, without a model: a cheap stand-in for a judge.</summary>
/// <remarks>
/// JSON (tool calls, structured output) is compared field by field: the share of leaves that are the same value at the same place. Other text by the F1
/// of its words, as SQuAD scores answers (https://arxiv.org/abs/1606.05250). Two answers of one model to one prompt are seldom 1: compare with how
/// alike two answers without compression are, never with 1.
/// </remarks>
public static class AnswerSimilarity
{
    /// <summary>Of a longer answer only so much is read. Unit: bytes.</summary>
    public const int MostBytes = 256 * 1024;

    private const int MostLeaves = 10_000;
    private const int MostDepth = 64;
    private const int MostPathCharacters = 1024;

    /// <summary>From 0 to 1; two empty answers are alike.</summary>
    public static double Of(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        left = left[..Math.Min(left.Length, MostBytes)];
        right = right[..Math.Min(right.Length, MostBytes)];
        if (left.SequenceEqual(right))
            return 1;
        return Leaves(left) is { } leftLeaves && Leaves(right) is { } rightLeaves ? Overlap(leftLeaves, rightLeaves) : Overlap(Words(left), Words(right));
    }

    // F1 of two bags: twice what they share, of what they have together.
    private static double Overlap(Dictionary<string, int> left, Dictionary<string, int> right)
    {
        var all = left.Values.Sum() + right.Values.Sum();
        if (all == 0)
            return 1;
        var shared = left.Sum(pair => Math.Min(pair.Value, right.GetValueOrDefault(pair.Key)));
        return 2.0 * shared / all;
    }

    private static Dictionary<string, int> Words(ReadOnlySpan<byte> text)
    {
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        var word = new StringBuilder();
        while (Rune.DecodeFromUtf8(text, out var rune, out var length) is not OperationStatus.NeedMoreData || length > 0)
        {
            text = text[length..];
            if (Rune.IsLetterOrDigit(rune))
                word.Append(Rune.ToLowerInvariant(rune).ToString());
            else
                Take(words, word);
        }

        Take(words, word);
        return words;
    }

    private static void Take(Dictionary<string, int> words, StringBuilder word)
    {
        if (word.Length == 0)
            return;
        Count(words, word.ToString());
        word.Clear();
    }

    // Each leaf as its path and its value; null: not an object or array of JSON, or too much of one.
    private static Dictionary<string, int>? Leaves(ReadOnlySpan<byte> text)
    {
        var start = text.TrimStart(" \t\r\n"u8);
        if (start.Length == 0 || start[0] is not ((byte)'{' or (byte)'['))
            return null;

        try
        {
            using var document = JsonDocument.Parse(start.ToArray(), new JsonDocumentOptions { MaxDepth = MostDepth });
            var leaves = new Dictionary<string, int>(StringComparer.Ordinal);
            var left = MostLeaves;
            return Collect(document.RootElement, "", leaves, ref left) ? leaves : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half a surrogate pair, which is no text.
            return null;
        }
    }

    private static bool Collect(JsonElement element, string path, Dictionary<string, int> leaves, ref int left)
    {
        if (left-- <= 0 || path.Length > MostPathCharacters)
            return false;

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (!Collect(member.Value, $"{path}/{member.Name}", leaves, ref left))
                        return false;
                }

                return true;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    if (!Collect(item, $"{path}/{index++}", leaves, ref left))
                        return false;
                }

                return true;
            default:
                // GetString for text, so that two spellings of one string are equal; numbers by their spelling.
                var value = element.ValueKind == JsonValueKind.String ? "\"" + element.GetString() : element.GetRawText();
                Count(leaves, $"{path}={value}");
                return true;
        }
    }

    private static void Count(Dictionary<string, int> bag, string item) => bag[item] = bag.GetValueOrDefault(item) + 1;
}
