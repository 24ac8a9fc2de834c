using System.Buffers.Text;
using System.Text;

namespace Gateway.Load;

/// <summary>Follows one HTTP/1.1 answer to its end, by its length or its last chunk, and keeps only what that takes.</summary>
internal sealed class AnswerReader
{
    private static readonly byte[] LastChunk = "0\r\n\r\n"u8.ToArray();
    private readonly byte[] head = new byte[16 * 1024];
    private readonly byte[] tail = new byte[LastChunk.Length];
    private int headLength;
    private bool inBody;
    private bool chunked;
    private long left;

    /// <summary>Whether the status is 200.</summary>
    public bool Succeeded { get; private set; }

    /// <summary>Whether some of the body has come.</summary>
    public bool BodyBegun { get; private set; }

    public void Reset()
    {
        headLength = 0;
        (inBody, chunked, Succeeded, BodyBegun) = (false, false, false, false);
        tail.AsSpan().Clear();
    }

    /// <summary>Takes what was received; <c>true</c>: the answer is complete.</summary>
    public bool Take(ReadOnlySpan<byte> bytes)
    {
        if (inBody)
            return TakeBody(bytes);
        var kept = Math.Min(bytes.Length, head.Length - headLength);
        bytes[..kept].CopyTo(head.AsSpan(headLength));
        var end = head.AsSpan(0, headLength + kept).IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            headLength += kept;
            return headLength < head.Length ? false : throw new IOException("The head is longer than 16 KiB.");
        }

        ReadHead(head.AsSpan(0, end + 2));
        return TakeBody(bytes[(end + 4 - headLength)..]);
    }

    private void ReadHead(ReadOnlySpan<byte> lines)
    {
        (inBody, chunked) = (true, true);
        Succeeded = lines[9..].StartsWith("200"u8);
        while (lines.IndexOf("\r\n"u8) is var at && at >= 0)
        {
            var line = lines[..at];
            lines = lines[(at + 2)..];
            if (line.Length > 15 && Ascii.EqualsIgnoreCase(line[..15], "content-length:"u8))
                chunked = !Utf8Parser.TryParse(line[15..].TrimStart((byte)' '), out left, out _);
        }
    }

    private bool TakeBody(ReadOnlySpan<byte> bytes)
    {
        BodyBegun |= !bytes.IsEmpty;
        if (!chunked)
            return (left -= bytes.Length) <= 0;
        if (bytes.Length >= tail.Length)
        {
            bytes[^tail.Length..].CopyTo(tail);
        }
        else
        {
            tail.AsSpan(bytes.Length).CopyTo(tail);
            bytes.CopyTo(tail.AsSpan(tail.Length - bytes.Length));
        }

        return tail.AsSpan().SequenceEqual(LastChunk);
    }
}
