using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Trimming;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

/// <summary>A body that was trimmed, with what was done.</summary>
internal sealed record Trimmed(string Body, TrimOutcome Outcome, bool IsUntouched)
{
    /// <summary>Trims <c>messages</c>, or <c>input</c>, of a body. The members are found by another reader than the gateway's.</summary>
    public static Trimmed Of(string json, int maxMessages, MessageFormat format = MessageFormat.Chat)
    {
        var body = Encoding.UTF8.GetBytes(json);
        var splice = new BodySplice();
        var outcome = MessageTrim.Trim(body, RangeOf(body, format is MessageFormat.Chat ? "messages" : "input"), format, maxMessages, splice);
        var output = new byte[splice.OutputLength(body.Length)];
        splice.WriteTo(body, output);
        return new Trimmed(Encoding.UTF8.GetString(output), outcome, splice.Count == 0);
    }

    /// <summary>The elements that are left, as they stand in the body.</summary>
    public string[] Messages()
    {
        using var document = JsonDocument.Parse(Body);
        var root = document.RootElement;
        var messages = root.TryGetProperty("messages", out var chat) ? chat : root.GetProperty("input");
        return [.. messages.EnumerateArray().Select(message => message.GetRawText())];
    }

    /// <summary>The <c>at</c> of each element that is left, joined by spaces.</summary>
    public string At() => string.Join(' ', Messages().Select(message =>
    {
        using var document = JsonDocument.Parse(message);
        return document.RootElement.GetProperty("at").ToString();
    }));

    public void StepsAside(string reason)
    {
        Assert.That(Outcome.Skipped, Is.EqualTo(reason));
        Assert.That(IsUntouched);
    }

    private static ByteRange RangeOf(byte[] body, string member)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isMember = reader.ValueTextEquals(member);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isMember)
            {
                return ByteRange.Between(start, (int)reader.BytesConsumed);
            }
        }

        return default;
    }
}
