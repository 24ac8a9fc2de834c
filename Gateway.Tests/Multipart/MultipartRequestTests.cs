using System.Text;
using Gateway.Tests.Audio;
using Gateway.Transforms.Audio;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Multipart;
using NUnit.Framework;
using static Gateway.Tests.Multipart.MultipartBody;

namespace Gateway.Tests.Multipart;

internal sealed class MultipartRequestTests
{
    [Test]
    public void What_the_gateway_needs_is_read_and_its_place_is_known()
    {
        var sound = SoundFiles.Wav(16_000, 1, 16, 32_000);
        var body = Of(
            Field("model", "openai/whisper-1"), Field("provider", "openai"), Field("stream", "true"), Field("response_format", "verbose_json"), Field("language", "de"),
            Field("prompt", "Grüße"), Field("temperature", "0.2"), Field("timestamp_granularities[]", "word"), Field("timestamp_granularities[]", "segment"), FileOf(sound));

        var request = Read(body);

        Assert.That((request.Model, request.Provider, request.Stream, request.ResponseFormat, request.Language), Is.EqualTo(("openai/whisper-1", "openai", true, "verbose_json", "de")));
        Assert.That(Encoding.UTF8.GetString(request.Prompt.Of(body)), Is.EqualTo("Grüße"));
        Assert.That(Encoding.UTF8.GetString(request.ModelValue.Of(body)), Is.EqualTo("openai/whisper-1"));
        Assert.That(request.File.Of(body).SequenceEqual(sound), Is.True);
        Assert.That((request.FileName, request.Length), Is.EqualTo(("a.wav", new AudioLength(1_000, Exact: true))));
        Assert.That(request.Parts, Has.Count.EqualTo(10));
    }

    [Test]
    public async Task The_bodies_of_dotnets_own_client_are_read()
    {
        using var form = new MultipartFormDataContent { { new StringContent("whisper-1"), "model" }, { new ByteArrayContent([1, 2]), "file", "ä b.mp3" } };

        var request = MultipartRequest.TryRead(await form.ReadAsByteArrayAsync(), form.Headers.ContentType!.ToString(), out var error);

        Assert.That(request, Is.Not.Null, error.Message);
        Assert.That((request!.Model, request.File.Length), Is.EqualTo(("whisper-1", 2))); // not null: asserted
    }

    [TestCase("Content-Disposition: form-data; name=\"model\"", TestName = "A_name_in_quotes")]
    [TestCase("content-disposition:FORM-DATA;name=model", TestName = "A_bare_name")]
    [TestCase("Content-Disposition: form-data ; name = \"mod\\el\"", "mod\\el", TestName = "A_backslash_is_one")]
    [TestCase("Content-Disposition: form-data; name=\"\\\"a\\\\b\\\"\"", "\"a\\b\"", TestName = "Escaped_quotes_and_backslashes")]
    [TestCase("Content-Disposition: form-data; name=\"a%22b\"", "a%22b", TestName = "Percent_signs_are_themselves")]
    [TestCase("Content-Disposition: form-data; name=\"grün\"", "grün", TestName = "A_name_in_UTF_8")]
    [TestCase("X-Other: 1\r\nContent-Disposition: form-data; name=\"model\"; x=\"a;b\"\r\nContent-Type: text/plain", TestName = "Among_other_headers_and_parameters")]
    public void Names_are_read(string headers, string name = "model")
    {
        var body = Of(Part(headers, Text("m")), Field(name is "model" ? "other" : "model", "m"), FileOf([1]));

        Assert.That(Read(body).Parts[0].Name, Is.EqualTo(name));
    }

    [TestCase("preamble\r\n--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_preamble")]
    [TestCase("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--\r\nepilogue\r\n", TestName = "An_epilogue")]
    [TestCase("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "No_line_end_at_the_end")]
    public void What_stands_around_the_parts_is_no_part(string format)
    {
        var body = Text(string.Format(null, format, Boundary, Encoding.UTF8.GetString(Field("model", "m")), Encoding.UTF8.GetString(FileOf([65]))));

        Assert.That(Read(body).Parts, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_boundary_inside_of_a_line_is_content()
    {
        var content = Text($"x--{Boundary}\r\n-- {Boundary}\r\n\r\n--{Boundary[..^1]}\r\n");

        var request = Read(Of(Field("model", "m"), FileOf(content)));

        Assert.That(request.File.Of(request.Body.Span).SequenceEqual(content), Is.True);
    }

    [TestCase("model")]
    [TestCase("provider")]
    [TestCase("stream")]
    [TestCase("response_format")]
    [TestCase("language")]
    [TestCase("prompt")]
    [TestCase("temperature")]
    public void A_field_that_stands_twice_is_refused(string name)
    {
        string[] fields = name is "model" ? ["model=a", "model=a"] : ["model=a", $"{name}=true", $"{name}=true"];

        Assert.That(Refused(Of(fields)), Is.EqualTo((BodyFault.InvalidField, name)));
    }

    [TestCase("model=")]
    [TestCase("model= m")]
    [TestCase("model=m\r\n")]
    [TestCase("model=m\0")]
    [TestCase("provider=")]
    [TestCase("stream=yes")]
    [TestCase("stream=")]
    [TestCase("response_format=")]
    public void A_field_with_a_value_that_it_may_not_have_is_refused(string field)
    {
        var name = field.Split('=')[0];

        Assert.That(Refused(Of(name is "model" ? [field] : ["model=m", field])), Is.EqualTo((BodyFault.InvalidField, name)));
    }

    [Test]
    public void Names_have_a_bound()
    {
        Assert.That(Read(Of($"model={new string('m', 256)}")).Model, Has.Length.EqualTo(256));
        Assert.That(Refused(Of($"model={new string('m', 257)}")), Is.EqualTo((BodyFault.InvalidField, "model")));
    }

    [Test]
    public void A_request_needs_a_model_and_one_file_with_something_in_it()
    {
        Assert.That(Refused(Of("language=de")), Is.EqualTo((BodyFault.InvalidField, "model")));
        Assert.That(Refused(Of(Field("model", "m"))), Is.EqualTo((BodyFault.InvalidField, "file")));
        Assert.That(Refused(Of(Field("model", "m"), FileOf([]))), Is.EqualTo((BodyFault.InvalidField, "file")));
        Assert.That(Refused(Of(Field("model", "m"), FileOf([1]), FileOf([2]))), Is.EqualTo((BodyFault.InvalidField, "file")));
        Assert.That(Refused(Of(Part("Content-Disposition: form-data; name=model; filename=m", Text("m")), FileOf([1]))), Is.EqualTo((BodyFault.InvalidField, "model")));
    }

    [TestCase(null)]
    [TestCase("application/json")]
    [TestCase("multipart/form-data")]
    [TestCase("multipart/mixed; boundary=a")]
    [TestCase("multipart/form-data; boundary=\"\"")]
    [TestCase("multipart/form-data; boundary=\"a \"")]
    [TestCase("multipart/form-data; boundary=\"a{b\"")]
    [TestCase("multipart/form-data; boundary=a; boundary=b")]
    public void A_content_type_without_one_good_boundary_is_refused(string? contentType)
    {
        Assert.That(MultipartRequest.TryRead(Of("model=m"), contentType, out var error), Is.Null);
        Assert.That(error.Fault, Is.EqualTo(BodyFault.NotMultipart));
    }

    [TestCase(70, true)]
    [TestCase(71, false)]
    public void A_boundary_has_at_most_70_characters(int length, bool accepted)
    {
        var boundary = new string('b', length);
        var body = Text(Encoding.UTF8.GetString(Of("model=m")).Replace(Boundary, boundary, StringComparison.Ordinal));

        Assert.That(MultipartRequest.TryRead(body, $"Multipart/Form-Data; charset=utf-8; boundary=\"{boundary}\"", out _) is not null, Is.EqualTo(accepted));
    }

    [TestCase("", TestName = "Nothing")]
    [TestCase("{\"model\":\"m\"}", TestName = "JSON")]
    [TestCase("--{0}--", TestName = "No_parts_but_an_end")]
    [TestCase("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}", TestName = "A_last_boundary_that_does_not_close")]
    [TestCase("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n", TestName = "No_last_boundary")]
    [TestCase("--{0}\r\n{1}\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_bare_line_feed_before_the_boundary")]
    [TestCase("\n--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_bare_line_feed_at_the_start")]
    [TestCase("--{0}\n{1}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_bare_line_feed_behind_the_boundary")]
    [TestCase("--{0} \r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_space_behind_the_boundary")]
    [TestCase("--{0}x\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_boundary_that_goes_on")]
    [TestCase("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--\r\n--{0}\r\n{1}\r\n--{0}--", TestName = "More_parts_behind_the_end")]
    [TestCase("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--x", TestName = "Something_on_the_last_line")]
    [TestCase("--{0}\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_part_of_nothing")]
    [TestCase("--{0}\r\n\r\nvalue\r\n--{0}\r\n{2}\r\n--{0}--", TestName = "A_part_without_header")]
    public void A_body_that_can_be_read_in_two_ways_or_none_is_refused(string format)
    {
        var body = format.Replace("{0}", Boundary, StringComparison.Ordinal)
            .Replace("{1}", Encoding.UTF8.GetString(Field("model", "m")), StringComparison.Ordinal)
            .Replace("{2}", Encoding.UTF8.GetString(FileOf([65])), StringComparison.Ordinal);
        var expected = body == $"--{Boundary}--" ? BodyFault.InvalidField : BodyFault.NotMultipart;

        Assert.That(Refused(Text(body)).Fault, Is.EqualTo(expected));
    }

    [TestCase("Content-Disposition: attachment; name=model")]
    [TestCase("Content-Disposition: form-data")]
    [TestCase("Content-Disposition: form-data; name=\"\"")]
    [TestCase("Content-Disposition: form-data; name=\"model")]
    [TestCase("Content-Disposition: form-data; name=\"x\\\"; name=\"model\"")]
    [TestCase("Content-Disposition: form-data; name=\"x\"; name=\"model\"")]
    [TestCase("Content-Disposition: form-data; name=x; name*=utf-8''model")]
    [TestCase("Content-Disposition: form-data; name*=utf-8''model")]
    [TestCase("Content-Disposition: form-data; name=\"x\" name=\"model\"")]
    [TestCase("Content-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=model")]
    [TestCase("Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64")]
    [TestCase("Content-Disposition: form-data;\r\n name=model")]
    [TestCase("Content-Disposition: form-data; name=x\nContent-Disposition: form-data; name=model")]
    [TestCase("Content-Disposition form-data; name=x")]
    [TestCase("Content-Type: text/plain")]
    [TestCase("Content-Disposition: form-data; name=\"a\0\"")]
    public void A_header_that_can_be_read_in_two_ways_or_none_is_refused(string headers) =>
        Assert.That(Refused(Of(Part(headers, Text("m")), FileOf([1]))).Fault, Is.EqualTo(BodyFault.NotMultipart));

    [TestCase(64, true)]
    [TestCase(65, false)]
    public void A_body_has_at_most_64_parts(int parts, bool accepted)
    {
        var body = Of([Field("model", "m"), FileOf([1]), .. Enumerable.Repeat(Field("x", "y"), parts - 2)]);

        Assert.That(MultipartRequest.TryRead(body, ContentType, out _) is not null, Is.EqualTo(accepted));
    }

    [TestCase(0, true)]
    [TestCase(1, false)]
    public void A_header_has_at_most_8_kilobytes(int more, bool accepted)
    {
        const string headers = "Content-Disposition: form-data; name=model\r\nX: ";
        var body = Of(Part(headers + new string('x', 8 * 1024 - headers.Length + more), Text("m")), FileOf([1]));

        Assert.That(MultipartRequest.TryRead(body, ContentType, out _) is not null, Is.EqualTo(accepted));
    }

    [Test]
    public void No_bytes_throw()
    {
        var random = new Random(7);
        var whole = Of(Field("model", "m"), Field("provider", "p"), FileOf([1, 2, 3, 13, 10, 45, 45]));
        var accepted = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var body = (byte[])whole.Clone();
            for (var change = random.Next(4); change > 0; change--)
                body[random.Next(body.Length)] = (byte)"\r\n-:;=\"\\ \0nmx"[random.Next(13)];
            if (MultipartRequest.TryRead(random.Next(4) == 0 ? body[..random.Next(body.Length)] : body, ContentType, out var error) is null)
                Assert.That(error.Message, Is.Not.Empty);
            else
                accepted++;
        }

        Assert.That(accepted, Is.GreaterThan(1_000));
    }

    private static MultipartRequest Read(byte[] body) =>
        MultipartRequest.TryRead(body, ContentType, out var error) ?? throw new InvalidOperationException(error.Message);

    private static (BodyFault Fault, string? Field) Refused(byte[] body)
    {
        Assert.That(MultipartRequest.TryRead(body, ContentType, out var error), Is.Null);
        Assert.That(error.Message, Is.Not.Empty);
        return (error.Fault, error.Field);
    }
}
