using System.Buffers.Text;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>The member that a limit is written to when the client set none.</summary>
public enum OutputLimitField
{
    /// <summary><c>max_completion_tokens</c>: OpenAI's own.</summary>
    MaxCompletionTokens,

    /// <summary><c>max_tokens</c>: what most other upstreams know.</summary>
    MaxTokens,
}

/// <summary>The edits that the gateway makes to a chat request. They can be combined in any order.</summary>
public static class RequestEdits
{
    private static readonly byte[] True = "true"u8.ToArray();
    private static readonly byte[] Options = """{"include_usage":true}"""u8.ToArray();
    private static readonly byte[] OptionsMember = ""","stream_options":{"include_usage":true}"""u8.ToArray();
    private static readonly byte[] FirstOption = "\"include_usage\":true"u8.ToArray();
    private static readonly byte[] NextOption = ",\"include_usage\":true"u8.ToArray();

    /// <summary>Replaces the value of <c>model</c>.</summary>
    public static void ReplaceModel(RequestIndex index, BodySplice splice, ReadOnlySpan<char> upstreamModel)
    {
        var name = JsonEncodedText.Encode(upstreamModel).EncodedUtf8Bytes;
        var value = new byte[name.Length + 2];
        value[0] = value[^1] = (byte)'"';
        name.CopyTo(value.AsSpan(1));
        splice.Add(index.ModelValue, value);
    }

    /// <summary>Removes a string <c>provider</c> with its comma; one that is no string belongs to upstream and stays.</summary>
    public static void RemoveProvider(RequestIndex index, BodySplice splice)
    {
        if (index.ProviderIsString)
        {
            splice.Remove(index.ProviderMember);
        }
    }

    /// <summary>Makes upstream send usage in a stream. Other stream options stay as they are. For streams only: without one, OpenAI refuses them.</summary>
    public static void IncludeUsage(RequestIndex index, BodySplice splice)
    {
        if (index.IncludeUsage)
        {
            return;
        }

        var options = index.StreamOptionsValue;
        if (!options.IsPresent)
        {
            splice.Insert(index.AfterLastMember, OptionsMember);
        }
        else if (index.Body.Span[options.Offset] != '{')
        {
            splice.Add(options, Options);
        }
        else if (index.IncludeUsageValue.IsPresent)
        {
            splice.Add(index.IncludeUsageValue, True);
        }
        else if (index.StreamOptionsAfterLastMember > 0)
        {
            splice.Insert(index.StreamOptionsAfterLastMember, NextOption);
        }
        else
        {
            splice.Insert(options.Offset + 1, FirstOption);
        }
    }

    /// <summary>Lowers each limit that exceeds <paramref name="cap"/>; if the client set none, adds one as <paramref name="field"/>.</summary>
    /// <param name="index">The request.</param>
    /// <param name="splice">Receives the edits.</param>
    /// <param name="cap">Most output tokens of one answer: 1 to 2^31-1.</param>
    /// <param name="field">The member to add when the client set no limit.</param>
    /// <returns>True if a limit was lowered or added.</returns>
    public static bool CapOutputTokens(
        RequestIndex index,
        BodySplice splice,
        long cap,
        OutputLimitField field = OutputLimitField.MaxCompletionTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cap, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cap, int.MaxValue);
        if (index.MaxTokens is null && index.MaxCompletionTokens is null)
        {
            AddLimit(index, splice, cap, field);
            return true;
        }

        var lowersTokens = index.MaxTokens > cap;
        var lowersCompletionTokens = index.MaxCompletionTokens > cap;
        if (lowersTokens)
        {
            splice.Add(index.MaxTokensValue, Format("", cap));
        }

        if (lowersCompletionTokens)
        {
            splice.Add(index.MaxCompletionTokensValue, Format("", cap));
        }

        return lowersTokens || lowersCompletionTokens;
    }

    private static void AddLimit(RequestIndex index, BodySplice splice, long cap, OutputLimitField field)
    {
        // A null that stands there is replaced: a second member of that name would be a duplicate key.
        var isMaxTokens = field is OutputLimitField.MaxTokens;
        var present = isMaxTokens ? index.MaxTokensValue : index.MaxCompletionTokensValue;
        if (present.IsPresent)
        {
            splice.Add(present, Format("", cap));
        }
        else
        {
            splice.Insert(index.AfterLastMember, Format(isMaxTokens ? ",\"max_tokens\":" : ",\"max_completion_tokens\":", cap));
        }
    }

    private static byte[] Format(string prefix, long number)
    {
        const int longestNumber = 10;
        Span<byte> bytes = stackalloc byte[48];
        var length = System.Text.Encoding.ASCII.GetBytes(prefix, bytes);
        Utf8Formatter.TryFormat(number, bytes[length..(length + longestNumber)], out var written);
        return bytes[..(length + written)].ToArray();
    }
}
