using Gateway.Transforms.Bodies;
using Gateway.Transforms.Multipart;
using NUnit.Framework;
using static Gateway.Tests.Multipart.MultipartBody;

namespace Gateway.Tests.Multipart;

internal sealed class MultipartEditsTests
{
    private static readonly byte[] Sound = [0, 255, 13, 10, 45, 45, 0];

    [Test]
    public void The_model_is_replaced_and_every_other_byte_stays() =>
        Assert.That(
            Edited(Of(Field("model", "openai/whisper-1"), FileOf(Sound)), static (index, splice) => MultipartEdits.ReplaceModel(index, splice, "größer")),
            Is.EqualTo(Of(Field("model", "größer"), FileOf(Sound))));

    [Test]
    public void The_provider_goes_with_its_whole_part_wherever_it_stands()
    {
        var expected = Of(Field("model", "m"), FileOf(Sound));

        Assert.That(Edited(Of(Field("provider", "p"), Field("model", "m"), FileOf(Sound)), RequestEdits.RemoveProvider), Is.EqualTo(expected));
        Assert.That(Edited(Of(Field("model", "m"), Field("provider", "p"), FileOf(Sound)), RequestEdits.RemoveProvider), Is.EqualTo(expected));
        Assert.That(Edited(Of(Field("model", "m"), FileOf(Sound), Field("provider", "p")), RequestEdits.RemoveProvider), Is.EqualTo(expected));
    }

    [Test]
    public void Both_edits_at_once_make_a_body_that_reads_the_same_but_for_them()
    {
        var body = Edited(Of(Field("provider", "p"), Field("stream", "true"), Field("model", "m"), FileOf(Sound)), static (index, splice) =>
        {
            MultipartEdits.ReplaceModel(index, splice, "whisper-1");
            RequestEdits.RemoveProvider(index, splice);
        });

        var index = new RequestIndex();

        Assert.That(index.TryReadMultipart(body, ContentType, out var error), Is.True, error.Message);
        Assert.That((index.Model, index.Provider, index.Stream), Is.EqualTo(("whisper-1", (string?)null, true)));
        Assert.That(index.Multipart!.File.Of(body).SequenceEqual(Sound), Is.True); // not null: the body was read
    }

    [TestCase("a\r\n--x")]
    [TestCase("a\n")]
    public void A_model_with_a_line_end_is_a_bug(string model)
    {
        var index = new RequestIndex();
        index.TryReadMultipart(Of("model=m"), ContentType, out _);

        Assert.That(() => MultipartEdits.ReplaceModel(index, new BodySplice(), model), Throws.ArgumentException);
    }

    [Test]
    public void An_index_forgets_the_parts_with_the_next_body()
    {
        var index = new RequestIndex();
        index.TryReadMultipart(Of("model=m", "provider=p"), ContentType, out _);

        index.TryRead("""{"model":"gpt","messages":[{"role":"user","content":"x"}]}"""u8.ToArray(), out var error);

        Assert.That((error.Fault, index.Model, index.Provider, index.Multipart), Is.EqualTo((BodyFault.None, "gpt", (string?)null, (MultipartRequest?)null)));
        Assert.That(index.TryReadMultipart("x"u8.ToArray(), ContentType, out error), Is.False);
        Assert.That((index.Model, index.Body.Length, error.Fault), Is.EqualTo(("", 0, BodyFault.NotMultipart)));
    }

    private static byte[] Edited(byte[] body, Action<RequestIndex, BodySplice> edit)
    {
        var index = new RequestIndex();
        Assert.That(index.TryReadMultipart(body, ContentType, out var error), Is.True, error.Message);
        var splice = new BodySplice();
        edit(index, splice);
        var edited = new byte[splice.OutputLength(body.Length)];
        splice.WriteTo(body, edited);
        return edited;
    }
}
