using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>The answer: a list of vectors.</content>
public sealed partial class EmbeddingOverGemini
{
    private bool TryWriteVectors(ReadOnlySpan<byte> answer, in TranslationTarget target, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(answer, Options);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            return false;

        output.Write("{\"object\":\"list\",\"data\":["u8);
        var count = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isVectors = reader.ValueSpan.SequenceEqual("embeddings"u8);
            reader.Read();
            if (!isVectors)
            {
                reader.Skip();
                continue;
            }

            // A second list would number its vectors anew.
            if (reader.TokenType is not JsonTokenType.StartArray || count > 0)
                return false;
            while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
            {
                if (!TryWriteVector(ref reader, answer, count++, output))
                    return false;
            }
        }

        output.Write("],\"model\":\""u8);
        output.Write(JsonEncodedText.Encode(target.UpstreamModel).EncodedUtf8Bytes);
        output.Write("\"}"u8);
        return count > 0 && !reader.Read();
    }

    private bool TryWriteVector(ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, int index, IBufferWriter<byte> output)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
            return false;

        output.Write(index == 0 ? "{\"object\":\"embedding\",\"index\":"u8 : ",{\"object\":\"embedding\",\"index\":"u8);
        ChatAnswerWriter.Write(index, output);
        var has = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isValues = reader.ValueSpan.SequenceEqual("values"u8);
            reader.Read();
            if (!isValues)
            {
                reader.Skip();
                continue;
            }

            if (has || reader.TokenType is not JsonTokenType.StartArray || !TryWriteValues(ref reader, answer, output))
                return false;
            has = true;
        }

        output.Write("}"u8);
        return has;
    }

    private bool TryWriteValues(ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        var start = (int)reader.TokenStartIndex;
        using var floats = new PooledBuffer(_isBase64 ? 16 * 1024 : 1);
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is not JsonTokenType.Number || !reader.TryGetSingle(out var value) || !float.IsFinite(value))
                return false;
            if (!_isBase64)
                continue;
            BinaryPrimitives.WriteSingleLittleEndian(floats.GetSpan(sizeof(float)), value);
            floats.Advance(sizeof(float));
        }

        output.Write(",\"embedding\":"u8);
        if (!_isBase64)
        {
            output.Write(answer[start..(int)reader.BytesConsumed]);
            return true;
        }

        output.Write("\""u8);
        var text = output.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(floats.Length));
        System.Buffers.Text.Base64.EncodeToUtf8(floats.WrittenSpan, text, out _, out var written);
        output.Advance(written);
        output.Write("\""u8);
        return true;
    }
}
