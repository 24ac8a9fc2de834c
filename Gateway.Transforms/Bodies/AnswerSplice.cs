using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Adds the gateway's members to an answer that was read. The output is the input and the additions, nothing else.</summary>
public static class AnswerSplice
{
    /// <summary>Writes the answer with extra members.</summary>
    /// <param name="answer">An answer that was read.</param>
    /// <param name="usageExtra">Members for usage without braces, such as <c>"cost":0.01</c>, or nothing. A missing or null usage is made.</param>
    /// <param name="rootExtra">Members for the root without braces, or nothing. Must not name a member that the answer has.</param>
    /// <param name="output">Receives the answer.</param>
    public static void Write(AnswerReader answer, ReadOnlySpan<byte> usageExtra, ReadOnlySpan<byte> rootExtra, IBufferWriter<byte> output) =>
        PayloadSplice.Write(answer.Body.Span, answer.Facts, usageExtra, rootExtra, output);
}
