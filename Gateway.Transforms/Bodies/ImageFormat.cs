using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Images: https://platform.openai.com/docs/api-reference/images/object and https://platform.openai.com/docs/api-reference/images-streaming.</summary>
/// <remarks>Usage comes from the GPT image models alone; the others are priced by the image.</remarks>
internal sealed class ImageFormat : ObjectFormat
{
    /// <inheritdoc/>
    protected override void ReadAnswer(ReadOnlySpan<byte> json, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts.Images = Count(json, root.Output);
        facts.HasContent = facts.Images > 0;
    }

    /// <inheritdoc/>
    protected override void ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type, in AnswerRoot root, ref AnswerFacts facts, IBufferWriter<byte>? text)
    {
        facts.HasContent = root.Binary.Length > "\"\"".Length;
        if (!type.SequenceEqual("image_generation.completed"u8))
            return;

        facts.Images = 1;
        End(ref facts);
    }
}
