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

    /// <summary><c>max_output_tokens</c>: of responses alone.</summary>
    MaxOutputTokens,
}

/// <summary>The edits that the gateway makes to a request. They can be combined in any order.</summary>
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
    /// <remarks>Does nothing to an API whose streams have usage unasked: <c>stream_options</c> of responses knows no such member.</remarks>
    public static void IncludeUsage(RequestIndex index, BodySplice splice)
    {
        if (index.IncludeUsage || !index.UsageIsOptional)
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
    /// <param name="field">The member to add to a chat request whose client set no limit; the other APIs know one each.</param>
    /// <returns>True if a limit was lowered or added. False for an API without one.</returns>
    public static bool CapOutputTokens(
        RequestIndex index,
        BodySplice splice,
        long cap,
        OutputLimitField field = OutputLimitField.MaxCompletionTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cap, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cap, int.MaxValue);
        if (!index.HasOutputLimit)
        {
            return false;
        }

        if (index.OutputLimit is null)
        {
            AddLimit(index, splice, cap, FieldOf(index, field));
            return true;
        }

        Lower(index.MaxTokens, index.MaxTokensValue, splice, cap);
        Lower(index.MaxCompletionTokens, index.MaxCompletionTokensValue, splice, cap);
        Lower(index.MaxOutputTokens, index.MaxOutputTokensValue, splice, cap);
        return index.OutputLimit > cap;
    }

    private static void Lower(long? limit, ByteRange value, BodySplice splice, long cap)
    {
        if (limit > cap)
        {
            splice.Add(value, Format("", cap));
        }
    }

    private static OutputLimitField FieldOf(RequestIndex index, OutputLimitField ofChat)
    {
        if (index.Kind == CallKind.Responses)
        {
            return OutputLimitField.MaxOutputTokens;
        }

        return index.Kind == CallKind.Chat && ofChat is not OutputLimitField.MaxOutputTokens ? ofChat : OutputLimitField.MaxTokens;
    }

    private static void AddLimit(RequestIndex index, BodySplice splice, long cap, OutputLimitField field)
    {
        var (present, member) = field switch
        {
            OutputLimitField.MaxTokens => (index.MaxTokensValue, ",\"max_tokens\":"),
            OutputLimitField.MaxOutputTokens => (index.MaxOutputTokensValue, ",\"max_output_tokens\":"),
            _ => (index.MaxCompletionTokensValue, ",\"max_completion_tokens\":"),
        };

        // A null that stands there is replaced: a second member of that name would be a duplicate key.
        if (present.IsPresent)
        {
            splice.Add(present, Format("", cap));
        }
        else
        {
            splice.Insert(index.AfterLastMember, Format(member, cap));
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
